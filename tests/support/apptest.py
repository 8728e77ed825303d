"""A page of the explorer under Streamlit's AppTest: its first screen for a URL, and what components were given."""

import json
from pathlib import Path
from urllib.parse import parse_qsl

from streamlit.testing.v1 import AppTest

APP = Path(__file__).parents[2] / "app.py"


def open_app(atlases: Path | None, page: str, monkeypatch, /, **query: str) -> AppTest:
    """The page as a browser would open it by this URL; without a folder of atlases where that is None."""
    if atlases is not None:
        monkeypatch.setenv("NE_ATLASES", str(atlases))
    app = AppTest.from_file(str(APP), default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    if page != "overview":
        app.switch_page(f"pages/{page}.py")
    app.run()
    assert not app.exception, app.exception
    return app


def payloads(app: AppTest) -> list[dict]:
    """What each component on the page, not in the sidebar, was given, in order, but for points of the map."""
    given = [each.proto for each in app.main.get("bidi_component")]
    points = [each for each in given if each.component_name == "ne_map_channel" and each.bytes]
    return [json.loads(each.json or each.bytes) for each in given if each not in points]


def rows_of(app: AppTest, label: str) -> list[dict]:
    """The rows of the feature list of this label."""
    return next(each["rows"] for each in payloads(app) if each.get("label", "").startswith(label))


def words(text: str) -> str:
    """A message as it is read: without the backslashes and joiners of its Markdown."""
    return text.replace("\\", "").replace("\u2060", "")


def url(app: AppTest) -> dict[str, str]:
    """The query of the address bar: the view's own, which address.js puts there, or what was asked for."""
    shown = [each.proto for each in app.sidebar.get("bidi_component") if each.proto.component_name == "ne_address"]
    own = json.loads(shown[-1].bytes).get("to") if shown else None
    if own is not None:
        return dict(parse_qsl(own, keep_blank_values=True))
    return {name: value[-1] if isinstance(value, list) else value for name, value in app.query_params.items()}
