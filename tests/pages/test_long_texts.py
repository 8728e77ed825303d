"""Texts longer than the limit are truncated, with a message, whether typed or in a link."""

import pytest

from pages.components.url import reading, search_view, side_by_side_view
from tests.support.apptest import open_app, payloads, url, words

LONG = "a text of many words " * 40
MESSAGE = "only the first 200 characters are used"


def problems(app) -> list[str]:
    return [words(each.value) for each in app.error]


@pytest.mark.parametrize(("page", "key"), [("search", "_q"), ("map", "_map_q")])
def test_long_text_typed_into_a_search(page, key, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, page, monkeypatch)
    assert not app.text_input(key=key).proto.max_chars  # the browser would drop a longer text without a word
    app.text_input(key=key).set_value(LONG).run()
    assert problems(app) == [f"q={LONG[:39]}…: {MESSAGE}"]
    assert app.text_input(key=key).value == LONG[: search_view.LONGEST]
    assert len(url(app)["q"]) <= search_view.LONGEST + 1
    app.text_input(key=key).set_value("cat").run()
    assert (problems(app), url(app)["q"]) == ([], "cat")


@pytest.mark.parametrize("page", ["search", "map"])
def test_link_with_a_long_text(page, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, page, monkeypatch, q=LONG)
    assert problems(app) == [f"q={LONG[:39]}…: {MESSAGE}"]
    at_most = open_app(tiny_atlas.parent, page, monkeypatch, q=LONG[: search_view.LONGEST].strip())
    assert not problems(at_most)


def test_long_text_filter_of_examples(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, layer="0", neuron="0", holds=LONG)
    assert problems(app) == [f"holds={LONG[:39]}…: {MESSAGE}"]
    examples = next(each for each in payloads(app) if "lines" in each)
    assert examples["bar"]["query"]["holds"] == LONG[: reading.LONGEST]
    assert examples["bar"]["longest"] == reading.LONGEST
    assert (
        examples["count"] == "Only the first 200 characters are searched. None of the 14 examples passes the filters."
    )


def test_long_text_instead_of_a_feature_name(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "side_by_side", monkeypatch)
    assert not app.text_input(key="_side_a").proto.max_chars
    link = "http://127.0.0.1:8501/neuron?atlas=planted&layer=0&neuron=0&feature=0"
    app.text_input(key="_side_a").set_value(link).run()
    assert "a feature is named by its layer, neuron and feature" in problems(app)[0]
    assert app.text_input(key="_side_a").value == link
    app.text_input(key="_side_a").set_value(LONG * 9).run()
    assert len(url(app)["a"]) <= side_by_side_view.LONGEST
    assert "a feature is named by its layer, neuron and feature" in problems(app)[0]
