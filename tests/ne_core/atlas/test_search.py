"""Search by words and tokens: matches, their order, and hostile queries."""

import sqlite3

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.search import SearchIndex, fts_terms
from ne_core.errors import AtlasError
from ne_core.refs import FeatureRef
from ne_core.text.words import words_of
from tests.support.planted import VOCAB


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


def words(atlas: Atlas, query: str) -> list[int]:
    return atlas.search.words(query).tolist()


def test_features_with_the_key_token_come_first(atlas):
    assert {atlas.feature_ref(id) for id in words(atlas, "cat")[:2]} == {FeatureRef(0, 0, 0), FeatureRef(2, 0, 0)}


def test_named_features_come_first_then_larger_ones(atlas):
    ids = words(atlas, "cat")
    named = np.isin(ids, atlas.search.named("cat")).tolist()
    assert named == sorted(named, reverse=True)
    assert {True, False} == set(named)
    for kind in (True, False):
        group = atlas.features["size"][ids][np.array(named) == kind]
        assert (np.diff(group) <= 0).all()


def test_search_by_name_puts_larger_features_first(atlas):
    ids = atlas.search.named("cat").tolist()
    assert {FeatureRef(0, 0, 0), FeatureRef(2, 0, 0)} <= {atlas.feature_ref(id) for id in ids}
    assert set(ids) <= set(words(atlas, "cat"))
    assert (np.diff(atlas.features["size"][ids]) <= 0).all()
    assert atlas.search.named("").tolist() == atlas.search.named("xylophone").tolist() == []


def test_all_words_must_match(atlas):
    both, cat, moon = (set(words(atlas, q)) for q in ("cat moon", "cat", "moon"))
    assert both == cat & moon
    assert both != cat


def test_last_word_of_three_letters_is_a_prefix(atlas):
    assert words(atlas, "slee") == words(atlas, "sleeps") != []
    assert words(atlas, "slee cat") == []
    assert words(atlas, "ca") == []
    assert fts_terms("re re") == '"re" "re"'


def test_capitals_and_accents_do_not_matter(atlas):
    assert words(atlas, "CÁT") == words(atlas, "ca\u0301t") == words(atlas, "cat")


@pytest.mark.parametrize(
    "query",
    ["", " ", '"', "'", '"cat', "cat OR", "cat AND NOT", "NEAR(", "*", "^cat", "cat*", "key_tokens:cat", "-cat",
     "(cat", "{cat}", "cat; DROP TABLE text", "\x00cat", "\u202ecat", "%", "\\", "日本語", "🙂", "<script>", "a" * 5000,
     " ".join(["cat"] * 300)],
)  # fmt: skip
def test_hostile_queries(atlas, query: str):
    assert len(words(atlas, query)) <= len(atlas.features["size"])


def test_fts5_syntax_is_read_as_words(atlas):
    assert words(atlas, "^cat*") == words(atlas, '"cat"') == words(atlas, "cat")
    assert words(atlas, "cat AND moon") == []  # "and" is a word that no example has
    assert fts_terms('say "NEAR(xyz)"') == '"say" "near" "xyz"*'


def test_hostile_texts_match_as_text(atlas):
    assert words(atlas, "alert(1)")
    assert words(atlas, "日本語")


def test_no_matches(atlas):
    assert words(atlas, "") == words(atlas, "xylophone") == atlas.search.key_token([]).tolist() == []


@pytest.mark.parametrize("token", range(len(VOCAB)))
def test_search_by_token_matches_the_key_tokens(atlas, token: int):
    keys, counts = atlas.features["key_tokens"], atlas.features["key_token_counts"]
    expected = {int(id): int(counts[id][keys[id] == token][0]) for id in range(len(keys)) if token in keys[id]}
    ids = atlas.search.key_token([token]).tolist()
    assert ids == sorted(expected, key=lambda id: (-expected[id], id))


def test_search_by_several_tokens(atlas):
    cat, red = (set(atlas.search.key_token([t]).tolist()) for t in (1, 3))
    assert set(atlas.search.key_token([1, 3]).tolist()) == cat | red


def test_file_that_is_not_an_index_raises_one_line(tmp_path):
    (tmp_path / "search.sqlite").write_text("not a database, but long enough to be read as one" * 20)
    with pytest.raises(AtlasError, match="cannot be searched") as error:
        SearchIndex(tmp_path / "search.sqlite", np.ones(9, dtype=np.int32)).words("cat")
    assert "\n" not in str(error.value)


def test_search_does_not_change_the_file(atlas):
    before = (atlas.root / "search.sqlite").read_bytes()
    atlas.search.words("cat")
    assert (atlas.root / "search.sqlite").read_bytes() == before
    assert not list(atlas.root.glob("search.sqlite-*"))


def test_index_holds_no_text(atlas):
    """Check that the index is contentless: the atlas has the text already."""
    with sqlite3.connect(atlas.root / "search.sqlite") as db:
        for table in ("text", "named"):
            assert db.execute(f"SELECT words FROM {table} WHERE {table} MATCH 'cat' LIMIT 1").fetchall() == [(None,)]


def test_words_that_begin_with_a_letter(atlas):
    """By counting the features of every word of the vocabulary."""
    vocabulary = {word for text in VOCAB for word in words_of(text)}
    for letters in ("s", "rt", "ct", "日", "q"):
        listed = atlas.search.beginning(list(letters), 100)
        assert {word for word in vocabulary if word[0] in letters and words(atlas, word)} <= set(listed)
        assert all(word[0] in letters for word in listed)
        assert listed[:2] == atlas.search.beginning(list(letters), 2)
    counts = [len(words(atlas, word)) for word in atlas.search.beginning(["t"], 100) if len(word) > 2]
    assert counts == sorted(counts, reverse=True) != []
