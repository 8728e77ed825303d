"""Links shared before the pages were renamed."""

import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from pages.components.shell.nav import PAGES
from pages.components.shell.old_addresses import RENAMED


def test_old_addresses_lead_to_pages_and_are_not_pages():
    assert set(RENAMED.values()) <= set(PAGES)
    assert not set(RENAMED) & set(PAGES)


@pytest.mark.parametrize("query", [{}, {"atlas": "demo", "layer": "2", "q": "a&b=c <b>"}])
def test_query_is_unchanged(query):
    def page():
        from pages.components.shell.old_addresses import redirect

        redirect("ranking", "Ranking")()

    app = AppTest.from_function(page)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    sent = json.loads(app.main.get("bidi_component")[0].proto.bytes)["href"]
    assert urlsplit(sent).path == "ranking"
    assert dict(parse_qsl(urlsplit(sent).query)) == query
