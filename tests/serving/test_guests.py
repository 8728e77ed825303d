"""How many can be here: who comes when there is no room is told so, and is let in when somebody has gone."""

import pytest

from pages.components.serving import session_limit
from tests.support.apptest import open_app, words


@pytest.fixture
def another(monkeypatch) -> set[str]:
    """There is room for one, and somebody else has it; who is still connected."""
    connected = {"another"}
    monkeypatch.setenv("NE_MOST_SESSIONS", "1")
    monkeypatch.setattr(session_limit, "inside", {"another"})
    monkeypatch.setattr(session_limit, "active", connected.__contains__)
    return connected


def test_who_comes_when_it_is_full_is_told_so_and_sees_nothing_else(tiny_atlas, another, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch)
    assert app.info[0].value.startswith("**The explorer is full.** 1 visitor is connected")
    assert not app.title
    assert not app.error
    assert session_limit.inside == {"another"}


def test_it_opens_when_somebody_has_gone(tiny_atlas, another, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch)
    another.clear()
    app.button[0].click().run()
    assert "Neuron" in app.title[0].value
    assert not app.info
    assert len(session_limit.inside) == 1
    assert "another" not in session_limit.inside


def test_who_is_inside_stays_inside(tiny_atlas, another, monkeypatch):
    monkeypatch.setattr(session_limit, "inside", set())
    app = open_app(tiny_atlas.parent, "overview", monkeypatch)
    assert app.run().title
    assert len(session_limit.inside) == 1


@pytest.mark.parametrize("most", ["", "0", "-1", "many", "²", "9" * 5000])
def test_a_number_that_is_none_is_one_line(most, tiny_atlas, monkeypatch):
    monkeypatch.setenv("NE_MOST_SESSIONS", most)
    (line,) = open_app(tiny_atlas.parent, "overview", monkeypatch).error
    assert words(line.value).startswith(f"NE_MOST_SESSIONS={most[:40]}: ")
    assert "\n" not in line.value
