"""Several words at once: features that hold them together come first, and what is held lights up."""

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.search import BEGINNING
from ne_core.queries.feature_filter import FeatureFilter
from ne_core.queries.passages import passages, together
from ne_core.refs import FeatureRef
from ne_core.text.words import words_of
from pages.components.matching import find
from pages.components.matching.why_matched import highlighted, matches
from pages.components.url.search_view import View
from pages.components.widgets.token_lines.lines import lines
from tests.support.apptest import open_app, rows_of, words

QUERIES = [
    "red blue",
    "blue red",
    "moon riv",
    "the cat",
    "three seven sleeps",
    "under the moon",
    "dog dog",
    "script cat",
]
IN_A_ROW, IN_ONE, APART = range(3)


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


def is_word(word: str, wanted: str, last: bool) -> bool:
    return word.startswith(wanted) if last and len(wanted) >= BEGINNING else word == wanted


def in_a_row(text: list[str], query: list[str]) -> bool:
    n = len(query)
    return any(all(is_word(text[at + i], query[i], i == n - 1) for i in range(n)) for at in range(len(text) - n + 1))


def in_one(text: list[str], query: list[str]) -> bool:
    return all(any(is_word(word, each, i == len(query) - 1) for word in text) for i, each in enumerate(query))


def texts_of(atlas: Atlas, id: int) -> list[list[str]]:
    """The words of each of a feature's examples."""
    ref = atlas.feature_ref(id)
    neuron = atlas.neuron(ref.of)
    windows = atlas.window_tokens(neuron, np.flatnonzero(neuron.feature == ref.feature))
    return [words_of("".join(atlas.vocab[t] for t in row if t >= 0)) for row in windows]


def tier(atlas: Atlas, id: int, query: str) -> int:
    """The definition: as neighbours in an example, else all in one example, else in different ones."""
    texts, wanted = texts_of(atlas, id), words_of(query)
    if any(in_a_row(text, wanted) for text in texts):
        return IN_A_ROW
    return IN_ONE if any(in_one(text, wanted) for text in texts) else APART


@pytest.mark.parametrize("query", QUERIES)
def test_features_that_hold_the_words_together_come_first(query, atlas):
    found = find.run_search(atlas, View(query))
    tiers = [tier(atlas, id, query) for id in found.ids.tolist()]
    assert tiers == sorted(tiers)
    assert sorted(found.ids.tolist()) == sorted(atlas.search.words(query).tolist())
    assert (found.in_a_row, found.in_one) == (tiers.count(IN_A_ROW), tiers.count(IN_ONE))
    wanted = words_of(query)
    counts = [
        sum(in_a_row(text, wanted) for text in texts_of(atlas, id)) for id in found.ids[: found.in_a_row].tolist()
    ]
    assert counts == sorted(counts, reverse=True)


def test_the_queries_find_features_of_every_kind(atlas):
    tiers = [tier(atlas, id, query) for query in QUERIES for id in find.run_search(atlas, View(query)).ids.tolist()]
    assert min(np.bincount(tiers, minlength=3)) >= 3


@pytest.mark.parametrize("query", [*QUERIES, "cat", "riv", "the", "script"])
def test_every_hit_shows_an_example_and_lights_what_it_holds(query, atlas):
    view, wanted = View(query), words_of(query)
    found = find.run_search(atlas, view)
    whys = matches(atlas, view, found, slice(0, len(found)))
    for id, match in zip(found.ids.tolist(), whys, strict=True):
        line = lines(atlas, atlas.neuron(atlas.feature_ref(id).of), [match.row])[0]
        lit = highlighted(atlas, view, line)
        assert lit, (query, id)
        text = [words_of(line["t"][i]) for i in lit]
        held = [word for each in text for word in each]
        kind = tier(atlas, id, query)
        assert kind != IN_A_ROW or in_a_row(held, wanted), (query, id, held)
        assert kind != IN_ONE or in_one(held, wanted), (query, id, held)


def test_in_different_examples_says_which_words_this_one_has(atlas):
    query = next(
        q for q in QUERIES if APART in [tier(atlas, id, q) for id in find.run_search(atlas, View(q)).ids.tolist()]
    )
    view = View(query)
    found = find.run_search(atlas, view)
    last = matches(atlas, view, found, slice(len(found) - 1, len(found)))[0]
    assert last.why.startswith("no example has all of these words; this one has “")


def test_what_is_not_read_is_listed_all_the_same_and_before_what_is_known_to_be_apart(atlas, monkeypatch):
    every = find.run_search(atlas, View("the cat"))
    monkeypatch.setattr(find, "MOST_WINDOWS", 30)
    some = find.run_search(atlas, View("the cat"))
    assert some.unread > 0
    assert sorted(some.ids.tolist()) == sorted(every.ids.tolist())
    read = set(atlas.search.words("the cat")[: len(every) - some.unread].tolist())
    known = some.in_a_row + some.in_one
    assert set(some.ids[:known].tolist()) | set(some.ids[known + some.unread :].tolist()) == read
    assert atlas.features["size"][list(read)].sum() <= 30


def test_filters_count_for_several_words_too(atlas):
    every = find.run_search(atlas, View("the cat"))
    large = find.run_search(atlas, View("the cat", among=FeatureFilter(least=5)))
    passes = atlas.features["size"][every.ids] >= 5
    assert large.ids.tolist() == every.ids[passes].tolist()
    assert large.in_a_row == np.count_nonzero(passes[: every.in_a_row])
    none = find.run_search(atlas, View("the cat", among=FeatureFilter(least=1000)))
    assert (len(none), none.unfiltered, none.in_a_row, none.unread) == (0, len(every), 0, 0)


def test_one_word_is_not_read_through(atlas, monkeypatch):
    monkeypatch.setattr(find, "MOST_WINDOWS", 0)
    found = find.run_search(atlas, View("cat"))
    assert found.ids.tolist() == atlas.search.words("cat").tolist()
    assert not found.unread


def test_lines_with_words_in_a_row_or_near_each_other():
    texts = ["a cat ran", "ran, cat", "cat⏎ran", "cat or dog ran", "cats ran", "a cat", "ran", "cat. Ran", "concat ran"]
    held = passages(np.arange(len(texts))[:, None], [text.lower() for text in texts])
    row, span = together(held, ["cat", "ran"])
    assert np.flatnonzero(row).tolist() == [0, 2, 7]
    assert span.tolist() == [7, 8, 7, 14, np.inf, np.inf, np.inf, 8, np.inf]
    assert not together(passages(np.zeros((0, 1), int), texts), ["cat", "ran"])[1].size


def test_the_page_says_how_many_hold_the_words_together(tiny_atlas, atlas, monkeypatch):
    found = find.run_search(atlas, View("the cat"))
    app = open_app(tiny_atlas.parent, "search", monkeypatch, q="the cat")
    caption = words(app.caption[0].value)
    assert f"{found.in_a_row} have these words in a row" in caption
    first = rows_of(app, "Features found")[0]
    assert first["why"].startswith("has these words in a row in ")
    assert words_of("".join(first["line"]["t"][i] for i in first["line"]["h"]))[:2] == ["the", "cat"]
    monkeypatch.setattr(find, "MOST_WINDOWS", 30)
    app = open_app(tiny_atlas.parent, "search", monkeypatch, q="the cat")
    assert "were not read" in words(app.caption[0].value)


def test_a_key_token_that_is_a_part_of_a_word_is_lit(atlas):
    """The index knows a key token as a word by itself, whatever stands beside it."""
    line = {"t": ["im", "port", "s"], "k": 1}
    assert highlighted(atlas, View("port"), line) == [1]


def test_an_exact_token_is_lit(tiny_atlas, atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch, q="dog", mode="token")
    line = rows_of(app, "Features found")[0]["line"]
    assert line["h"] == [line["k"]]
    assert FeatureRef(0, 2, 0) == atlas.feature_ref(int(find.run_search(atlas, View("dog", "token")).ids[0]))
