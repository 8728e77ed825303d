"""Session limit: a visitor over the limit sees a message, and is admitted when another has left."""

import pytest

from pages.components.serving import session_limit
from tests.support.apptest import open_app, words


@pytest.fixture
def other_session(monkeypatch) -> set[str]:
    """Set a limit of one session, held by somebody else; return the set of connected sessions."""
    connected = {"other"}
    monkeypatch.setenv("NE_MOST_SESSIONS", "1")
    monkeypatch.setattr(session_limit, "inside", {"other"})
    monkeypatch.setattr(session_limit, "active", connected.__contains__)
    return connected


def test_visitor_over_limit_sees_only_message(tiny_atlas, other_session, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch)
    assert app.info[0].value.startswith("**The explorer is full.** 1 visitor is connected")
    assert not app.title
    assert not app.error
    assert session_limit.inside == {"other"}


def test_visitor_is_admitted_after_another_leaves(tiny_atlas, other_session, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch)
    other_session.clear()
    app.button[0].click().run()
    assert "Neuron" in app.title[0].value
    assert not app.info
    assert len(session_limit.inside) == 1
    assert "other" not in session_limit.inside


def test_admitted_visitor_stays(tiny_atlas, other_session, monkeypatch):
    monkeypatch.setattr(session_limit, "inside", set())
    app = open_app(tiny_atlas.parent, "overview", monkeypatch)
    assert app.run().title
    assert len(session_limit.inside) == 1


@pytest.mark.parametrize("limit", ["", "0", "-1", "many", "²", "9" * 5000])
def test_invalid_limit_is_one_line(limit, tiny_atlas, monkeypatch):
    monkeypatch.setenv("NE_MOST_SESSIONS", limit)
    (line,) = open_app(tiny_atlas.parent, "overview", monkeypatch).error
    assert words(line.value).startswith(f"NE_MOST_SESSIONS={limit[:40]}: ")
    assert "\n" not in line.value
