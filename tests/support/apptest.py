"""Pages of the explorer under Streamlit's AppTest: the first screen of a URL and the data given to components."""

import json
from pathlib import Path
from urllib.parse import parse_qsl

from streamlit.testing.v1 import AppTest

APP = Path(__file__).parents[2] / "app.py"
FOLDED = {"neuron": ("_details", "_statistics")}  # expanders, which are open in tests


def open_app(atlases: Path | None, page: str, monkeypatch, /, **query: str) -> AppTest:
    """Run the page as a browser would open it by this URL, its expanders open.

    Without a folder of atlases if `atlases` is None.
    """
    if atlases is not None:
        monkeypatch.setenv("NE_ATLASES", str(atlases))
    app = AppTest.from_file(str(APP), default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    for folded in FOLDED.get(page, ()):
        app.session_state[folded] = True
    if page != "overview":
        app.switch_page(f"pages/{page}.py")
    app.run()
    assert not app.exception, app.exception
    return app


def payloads(app: AppTest) -> list[dict]:
    """Return the data of each component on the page, in order, without the sidebar and the map's points."""
    components = [each.proto for each in app.main.get("bidi_component")]
    points = [each for each in components if each.component_name == "ne_map_channel" and each.bytes]
    return [json.loads(each.json or each.bytes) for each in components if each not in points]


def rows_of(app: AppTest, label: str) -> list[dict]:
    """Return the rows of the feature list with this label."""
    return next(each["rows"] for each in payloads(app) if each.get("label", "").startswith(label))


def captions_and_helps(app: AppTest) -> str:
    """Captions of a page, each with its help text."""
    return " ".join(f"{each.value} {each.help or ''}" for each in app.caption)


def words(text: str) -> str:
    """Return a message as it is displayed: without the backslashes and word joiners of its Markdown."""
    return text.replace("\\", "").replace("\u2060", "")


def url(app: AppTest) -> dict[str, str]:
    """Return the query of the address bar: the one that address.js sets, or else the requested one."""
    addresses = [each.proto for each in app.sidebar.get("bidi_component") if each.proto.component_name == "ne_address"]
    target = json.loads(addresses[-1].bytes).get("to") if addresses else None
    if target is not None:
        return dict(parse_qsl(target, keep_blank_values=True))
    return {name: value[-1] if isinstance(value, list) else value for name, value in app.query_params.items()}
