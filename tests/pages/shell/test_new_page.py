"""CONTRIBUTING.md's recipe for a page, followed for an invented one: a file, a line in PAGES and a view suffice."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.components.shell import frame, nav
from pages.components.url.declared import VIEWS, Addressed
from pages.components.url.fields import whole
from tests.support import fuzz
from tests.support.apptest import APP

FILE = """
import streamlit as st
from pages.components.shell.frame import open_page
from pages.components.shell.nav import ensure_router
from pages.components.url import location
from pages.components.url.declared import VIEWS

ensure_router()
atlas = open_page("wheel")
request = location.read(atlas.slug)
view = VIEWS["wheel"].read(request, atlas)
location.settle(request, view.query(atlas))
st.title(f"Wheel of {view.spokes} spokes")
request.show_problems()
"""


@pytest.fixture
def wheel(tiny_atlas: Path, tmp_path: Path, monkeypatch):
    """A function that opens the page with a query."""
    (tmp_path / "wheel.py").write_text(FILE)
    path = os.path.relpath(tmp_path / "wheel.py", APP.parent)

    def page_file(page: str) -> str:
        return path if page == "wheel" else f"pages/{page}.py"

    monkeypatch.setitem(nav.PAGES, "wheel", ("Wheel", ":material/trip_origin:"))
    for module in (nav, frame):
        monkeypatch.setattr(module, "page_file", page_file)
    monkeypatch.setenv("NE_ATLASES", str(tiny_atlas.parent))

    @dataclass(frozen=True)
    class View(Addressed, page="wheel"):
        spokes: int = whole(range(3, 9), "a wheel has 3 to 8 spokes", usual=5)

    def open_wheel(**query: str) -> AppTest:
        app = AppTest.from_file(str(APP), default_timeout=30)
        for name, value in query.items():
            app.query_params[name] = value
        app.switch_page(path).run()
        assert not app.exception
        return app

    yield open_wheel
    del VIEWS["wheel"]


def test_page_opens_with_its_frame_and_is_in_the_menu(wheel):
    app = wheel()
    assert app.title[0].value == "Wheel of 5 spokes"
    assert "Wheel" in [link.proto.label for link in app.sidebar.get("page_link")]


def test_parameters_are_read_and_checked(wheel):
    assert wheel(spokes="7").title[0].value == "Wheel of 7 spokes"
    app = wheel(spokes="99")
    assert app.title[0].value == "Wheel of 8 spokes"
    assert "a wheel has 3 to 8 spokes" in app.error[0].value


def test_fuzzer_has_the_page_and_its_parameter(wheel):
    assert "spokes" in fuzz.parameters()
    assert "wheel" in {fuzz.address(number).page for number in range(300)}
