"""The written search index, compared with counts by hand."""

import sqlite3
from collections import Counter

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.search import fts_terms
from ne_core.text.words import words_of
from precompute.steps.search_index import SNIPPETS, TABLES, write_search
from tests.support.planted import VOCAB, planted_layers


@pytest.fixture(scope="module")
def planted():
    return planted_layers(np.random.default_rng(0))


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


def matches(db: sqlite3.Connection, table: str, query: str) -> set[int]:
    return {row[0] for row in db.execute(f"SELECT rowid FROM {table} WHERE {table} MATCH ?", (query,))}


def test_index_has_every_key_token(atlas):
    with sqlite3.connect(atlas.root / "search.sqlite") as db:
        rows = db.execute("SELECT token, feature, examples FROM key_token").fetchall()
    expected = Counter()
    for id in range(len(atlas.features["layer"])):
        ref = atlas.feature_ref(id)
        neuron = atlas.neuron(ref.of)
        rows_of_feature = np.flatnonzero(neuron.feature == ref.feature)
        expected.update((int(atlas.tokens[neuron.example[r], neuron.pos[r]]), id) for r in rows_of_feature)
    assert {(token, id): n for token, id, n in rows} == dict(expected)


def named_by(atlas: Atlas, token: int) -> set[int]:
    names = np.concatenate([atlas.features[name] for name in ("name_keys", "name_context")], axis=1)
    return set(np.flatnonzero((names == token).any(axis=1)).tolist())


@pytest.mark.parametrize("token", range(12))
def test_index_has_words_of_windows_key_tokens_and_names(atlas, planted, token: int):
    texts, layers = planted
    by_window, by_key_token, first = set(), set(), 0
    for layer in layers:
        for row in range(layer.rows.n_rows):
            feature = first + int(layer.feature_of_row[row])
            example, pos = layer.rows.example[row], layer.rows.pos[row]
            if texts.tokens[example, pos] == token:
                by_key_token.add(feature)
            places = texts.window.positions(np.array([pos]))[0]
            inside = places[(places >= 0) & (places < texts.lengths[example])]
            if layer.features.rank[row] < SNIPPETS and token in texts.tokens[example, inside]:
                by_window.add(feature)
        first += layer.n_features
    with sqlite3.connect(atlas.root / "search.sqlite") as db:
        # a prefix, since a token without a space before it may lengthen the word
        query = f"{VOCAB[token].strip()}*"
        assert matches(db, "text", query) == by_window | by_key_token | named_by(atlas, token)
        assert matches(db, "named", query) == named_by(atlas, token)
    assert 0 < len(by_window) < first


def test_search_index_is_reproducible(tmp_path, planted):
    texts, layers = planted
    for name in ("one", "two"):
        write_search(tmp_path / name, layers, texts, np.tile([[1], [-1]], (10, 2))[:17])
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The cat's 2nd_life", ["the", "cat", "s", "2nd_life"]),
        ("ÉCOLE e\u0301cole ﬁn Straße", ["ecole", "ecole", "fin", "strasse"]),
        ("日本語 Ὼ \u202e ½ 🙂", ["日本語", "ω", "1", "2"]),
        ("\x00\x1b<b>", ["b"]),
        ("", []),
    ],
)
def test_words_by_hand(text: str, words: list[str]):
    assert words_of(text) == words


def test_sqlite_splits_words_like_words_of():
    """Check with random characters that SQLite splits words exactly like `words_of`."""
    rng = np.random.default_rng(0)
    characters = np.array([chr(c) for c in range(0x20, 0x1F000) if not 0xD800 <= c < 0xE000])
    texts = ["".join(rng.choice(characters, size=12)) for _ in range(3000)]
    words_of_text = [set(words_of(text)) for text in texts]
    db = sqlite3.connect(":memory:")
    db.executescript(TABLES)
    db.executemany("INSERT INTO text(rowid, words) VALUES (?, ?)", enumerate(map(" ".join, words_of_text)))
    for word in rng.choice(sorted(set().union(*words_of_text)), size=500):
        assert matches(db, "text", fts_terms(word).rstrip("*")) == {
            i for i, words in enumerate(words_of_text) if word in words
        }
