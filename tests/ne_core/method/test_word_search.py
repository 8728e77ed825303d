"""Searches for several words: features that contain them together come first, and matches are highlighted."""

import re

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.search import BEGINNING
from ne_core.queries.feature_filter import FeatureFilter
from ne_core.queries.passages import key_spans, passages, proximity
from ne_core.refs import FeatureRef
from ne_core.text.words import folded, words_of
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
    return any(
        all(is_word(text[start + i], query[i], i == n - 1) for i in range(n)) for start in range(len(text) - n + 1)
    )


def in_one(text: list[str], query: list[str]) -> bool:
    return all(any(is_word(word, each, i == len(query) - 1) for word in text) for i, each in enumerate(query))


def texts_of(atlas: Atlas, id: int) -> list[list[str]]:
    """Words of each of a feature's examples."""
    ref = atlas.feature_ref(id)
    neuron = atlas.neuron(ref.of)
    windows = atlas.window_tokens(neuron, np.flatnonzero(neuron.feature == ref.feature))
    return [words_of("".join(atlas.vocab[t] for t in row if t >= 0)) for row in windows]


def tier(atlas: Atlas, id: int, query: str) -> int:
    """Definition of the tiers: in a row in an example, else all in one example, else in different ones."""
    texts, wanted = texts_of(atlas, id), words_of(query)
    if any(in_a_row(text, wanted) for text in texts):
        return IN_A_ROW
    return IN_ONE if any(in_one(text, wanted) for text in texts) else APART


@pytest.mark.parametrize("query", QUERIES)
def test_features_are_ordered_by_tier(query, atlas):
    result = find.run_search(atlas, View(query))
    tiers = [tier(atlas, id, query) for id in result.ids.tolist()]
    assert tiers == sorted(tiers)
    assert sorted(result.ids.tolist()) == sorted(atlas.search.words(query).tolist())
    assert (result.in_a_row, result.in_one) == (tiers.count(IN_A_ROW), tiers.count(IN_ONE))
    wanted = words_of(query)
    counts = [
        sum(in_a_row(text, wanted) for text in texts_of(atlas, id)) for id in result.ids[: result.in_a_row].tolist()
    ]
    assert counts == sorted(counts, reverse=True)


def distance_to_key(atlas: Atlas, id: int, query: str, only_in_a_row: bool) -> float:
    """Definition: in the best example, the characters from the key token to the nearest match of the farthest word."""
    ref, wanted, best = atlas.feature_ref(id), words_of(query), np.inf
    neuron = atlas.neuron(ref.of)
    for window in atlas.window_tokens(neuron, np.flatnonzero(neuron.feature == ref.feature)):
        pieces = ["" if t < 0 else folded(atlas.vocab[t]).replace("\n", " ") for t in window.tolist()]
        first = sum(map(len, pieces[: atlas.manifest.window.key]))
        last = first + len(pieces[atlas.manifest.window.key])
        text = "".join(pieces)
        away = []
        for i, word in enumerate(wanted):
            matches = [m.span() for m in re.finditer(r"\w+", text) if is_word(m.group(), word, i == len(wanted) - 1)]
            ends = [(begin, begin + len(word)) for begin, _ in matches]
            away.append(min((max(0, first - end, begin - last) for begin, end in ends), default=np.inf))
        if not only_in_a_row or in_a_row(words_of(text), wanted):
            best = min(best, max(away))
    return best


@pytest.mark.parametrize("query", [query for query in QUERIES if query != "dog dog"])
def test_words_near_the_key_token_come_first(query, atlas):
    result = find.run_search(atlas, View(query))
    ids, n = result.ids.tolist(), result.in_a_row
    away = [distance_to_key(atlas, id, query, False) for id in ids[n : n + result.in_one]]
    assert away == sorted(away)
    counts = [sum(in_a_row(text, words_of(query)) for text in texts_of(atlas, id)) for id in ids[:n]]
    ranks = [(-count, distance_to_key(atlas, id, query, True)) for count, id in zip(counts, ids[:n], strict=True)]
    assert ranks == sorted(ranks)


def test_queries_have_words_at_several_distances(atlas):
    """Without them the test above could not fail."""
    results = {query: find.run_search(atlas, View(query)) for query in QUERIES}
    assert max(each.in_one for each in results.values()) >= 3
    assert max(each.in_a_row for each in results.values()) >= 3


def test_distance_to_the_key_token_by_hand():
    texts = ["the", " cat", " ran", " to", " it"]
    rows = np.array([[0, 1, 2, 3, 4], [-1, 1, 2, 3, 0], [0, 1, 2, 4, 4], [2, 0, 2, 1, 2]])
    lines, key = passages(rows, texts), key_spans(rows, 2, texts)
    assert key.tolist() == [[7, 11], [4, 8], [7, 11], [7, 11]]
    assert proximity(lines, ["ran", "cat"], key).from_key.tolist() == [0, 0, 0, 1]
    assert proximity(lines, ["it", "cat"], key).from_key.tolist() == [4, np.inf, 1, np.inf]


def test_queries_cover_every_tier(atlas):
    tiers = [tier(atlas, id, query) for query in QUERIES for id in find.run_search(atlas, View(query)).ids.tolist()]
    assert min(np.bincount(tiers, minlength=3)) >= 3


@pytest.mark.parametrize("query", [*QUERIES, "cat", "riv", "the", "script"])
def test_every_hit_shows_an_example_with_its_words_highlighted(query, atlas):
    view, wanted = View(query), words_of(query)
    result = find.run_search(atlas, view)
    whys = matches(atlas, view, result, slice(0, len(result)))
    for id, match in zip(result.ids.tolist(), whys, strict=True):
        line = lines(atlas, atlas.neuron(atlas.feature_ref(id).of), [match.row])[0]
        lit = highlighted(atlas, view, line)
        assert lit, (query, id)
        text = [words_of(line["t"][i]) for i in lit]
        lit_words = [word for each in text for word in each]
        kind = tier(atlas, id, query)
        assert kind != IN_A_ROW or in_a_row(lit_words, wanted), (query, id, lit_words)
        assert kind != IN_ONE or in_one(lit_words, wanted), (query, id, lit_words)


def test_hit_with_words_in_different_examples_names_those_of_the_shown_one(atlas):
    query = next(
        q for q in QUERIES if APART in [tier(atlas, id, q) for id in find.run_search(atlas, View(q)).ids.tolist()]
    )
    view = View(query)
    result = find.run_search(atlas, view)
    last = matches(atlas, view, result, slice(len(result) - 1, len(result)))[0]
    assert last.why.startswith("no example has all of these words; this one has “")


def test_unread_features_are_listed_before_the_last_tier(atlas, monkeypatch):
    every = find.run_search(atlas, View("the cat"))
    monkeypatch.setattr(find, "MOST_WINDOWS", 30)
    some = find.run_search(atlas, View("the cat"))
    assert some.unread > 0
    assert sorted(some.ids.tolist()) == sorted(every.ids.tolist())
    read = set(atlas.search.words("the cat")[: len(every) - some.unread].tolist())
    known = some.in_a_row + some.in_one
    assert set(some.ids[:known].tolist()) | set(some.ids[known + some.unread :].tolist()) == read
    assert atlas.features["size"][list(read)].sum() <= 30


def test_filters_apply_to_several_words(atlas):
    every = find.run_search(atlas, View("the cat"))
    large = find.run_search(atlas, View("the cat", among=FeatureFilter(least=5)))
    passes = atlas.features["size"][every.ids] >= 5
    assert large.ids.tolist() == every.ids[passes].tolist()
    assert large.in_a_row == np.count_nonzero(passes[: every.in_a_row])
    none = find.run_search(atlas, View("the cat", among=FeatureFilter(least=1000)))
    assert (len(none), none.unfiltered, none.in_a_row, none.unread) == (0, len(every), 0, 0)


def test_one_word_reads_no_examples(atlas, monkeypatch):
    monkeypatch.setattr(find, "MOST_WINDOWS", 0)
    result = find.run_search(atlas, View("cat"))
    assert result.ids.tolist() == atlas.search.words("cat").tolist()
    assert not result.unread


def test_proximity_of_words():
    texts = ["a cat ran", "ran, cat", "cat⏎ran", "cat or dog ran", "cats ran", "a cat", "ran", "cat. Ran", "concat ran"]
    lines = passages(np.arange(len(texts))[:, None], [text.lower() for text in texts])
    near = proximity(lines, ["cat", "ran"], np.zeros((len(texts), 2), int))
    assert np.flatnonzero(near.in_a_row).tolist() == [0, 2, 7]
    assert near.span.tolist() == [7, 8, 7, 14, np.inf, np.inf, np.inf, 8, np.inf]
    none = proximity(passages(np.zeros((0, 1), int), texts), ["cat", "ran"], np.zeros((0, 2), int))
    assert none.span.size == none.from_key.size == 0


def test_page_counts_features_with_the_words_in_a_row(tiny_atlas, atlas, monkeypatch):
    result = find.run_search(atlas, View("the cat"))
    app = open_app(tiny_atlas.parent, "search", monkeypatch, q="the cat")
    caption = words(app.caption[0].value)
    assert f"{result.in_a_row} have these words in a row" in caption
    first = rows_of(app, "Features found")[0]
    assert first["why"].startswith("has these words in a row in ")
    assert words_of("".join(first["line"]["t"][i] for i in first["line"]["h"]))[:2] == ["the", "cat"]
    monkeypatch.setattr(find, "MOST_WINDOWS", 30)
    app = open_app(tiny_atlas.parent, "search", monkeypatch, q="the cat")
    assert "were not searched" in words(app.caption[0].value)


def test_key_token_within_a_word_is_highlighted(atlas):
    """Highlight a key token that is part of a word: the index treats it as a word."""
    line = {"t": ["im", "port", "s"], "k": 1}
    assert highlighted(atlas, View("port"), line) == [1]


def test_exact_token_is_highlighted(tiny_atlas, atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch, q="dog", mode="token")
    line = rows_of(app, "Features found")[0]["line"]
    assert line["h"] == [line["k"]]
    assert FeatureRef(0, 2, 0) == atlas.feature_ref(int(find.run_search(atlas, View("dog", "token")).ids[0]))
