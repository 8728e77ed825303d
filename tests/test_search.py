"""Search by words and tokens: what is found, and that no query can break it."""

import sqlite3

import numpy as np
import pytest

from ne_core.arrays import AtlasError
from ne_core.atlas import Atlas
from ne_core.refs import FeatureRef
from ne_core.search import SearchIndex, fts_terms
from tests.planted import VOCAB


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


def test_a_key_token_finds_its_features_first(atlas):
    hits = atlas.search.words("cat", 100)
    assert {atlas.feature_ref(id) for id in hits.ids[:2]} == {FeatureRef(0, 0, 0), FeatureRef(2, 0, 0)}
    assert hits.total == len(hits.ids)


def test_larger_features_come_first_and_those_named_by_the_word_before_them(atlas):
    hits = atlas.search.words("the", 100)
    sizes = atlas.features["size"][hits.ids]
    named = [
        any("the" in atlas.vocab[t].split() for t in atlas.features["key_tokens"][id] if t >= 0) for id in hits.ids
    ]
    assert len(set(sizes.tolist())) > 1
    assert named == sorted(named, reverse=True)
    for kind in (True, False):
        group = sizes[np.array(named) == kind]
        assert (np.diff(group) <= 0).all()


def test_all_words_must_match(atlas):
    both, cat, moon = (set(atlas.search.words(q, 100).ids) for q in ("cat moon", "cat", "moon"))
    assert both == cat & moon
    assert both != cat


def test_the_last_word_may_be_begun(atlas):
    assert atlas.search.words("slee", 100).ids == atlas.search.words("sleeps", 100).ids != []
    assert atlas.search.words("slee cat", 100).ids == []


def test_capitals_and_accents_do_not_matter(atlas):
    assert atlas.search.words("CÁT", 5) == atlas.search.words("cat", 5)
    assert atlas.search.words("ca\u0301t", 5) == atlas.search.words("cat", 5)


def test_pages_of_results_join_into_all(atlas):
    everything = atlas.search.words("the", 100)
    pages = [atlas.search.words("the", 3, offset) for offset in range(0, everything.total, 3)]
    assert [id for page in pages for id in page.ids] == everything.ids
    assert {page.total for page in pages} == {everything.total}


@pytest.mark.parametrize(
    "query",
    ["", " ", '"', "'", '"cat', "cat OR", "cat AND NOT", "NEAR(", "*", "^cat", "cat*", "key_tokens:cat", "-cat",
     "(cat", "{cat}", "cat; DROP TABLE text", "\x00cat", "\u202ecat", "%", "\\", "日本語", "🙂", "<script>", "a" * 5000,
     " ".join(["cat"] * 300)],
)  # fmt: skip
def test_no_query_breaks_it(atlas, query: str):
    hits = atlas.search.words(query, 5)
    assert hits.total >= len(hits.ids)


def test_syntax_is_read_as_words(atlas):
    assert atlas.search.words("^cat*", 100) == atlas.search.words('"cat"', 100) == atlas.search.words("cat", 100)
    assert atlas.search.words("cat AND moon", 100).ids == []  # "and" is a word that no example has
    assert fts_terms('say "NEAR(x)"') == '"say" "near" "x"*'


def test_hostile_text_is_found_as_text(atlas):
    assert atlas.search.words("alert(1)", 100).ids
    assert atlas.search.words("日本語", 100).ids


def test_nothing_is_found_for_nothing(atlas):
    assert atlas.search.words("", 5).ids == atlas.search.words("xylophone", 5).ids == []
    assert atlas.search.key_token([], 5).ids == []


@pytest.mark.parametrize("token", range(len(VOCAB)))
def test_a_token_finds_the_features_that_fire_on_it(atlas, token: int):
    keys, counts = atlas.features["key_tokens"], atlas.features["key_token_counts"]
    expected = {int(id): int(counts[id][keys[id] == token][0]) for id in range(len(keys)) if token in keys[id]}
    hits = atlas.search.key_token([token], 100)
    assert set(hits.ids) == set(expected)
    assert hits.ids == sorted(expected, key=lambda id: (-expected[id], id))


def test_several_tokens_add_up(atlas):
    cat, red = (set(atlas.search.key_token([t], 100).ids) for t in (1, 3))
    assert set(atlas.search.key_token([1, 3], 100).ids) == cat | red


def test_a_file_that_is_no_index_says_so_in_one_line(tmp_path):
    (tmp_path / "search.sqlite").write_text("not a database, but long enough to be asked what it is" * 20)
    with pytest.raises(AtlasError, match="cannot be searched") as error:
        SearchIndex(tmp_path / "search.sqlite", np.ones(9, dtype=np.int32)).words("cat", 5)
    assert "\n" not in str(error.value)


def test_searching_changes_nothing(atlas):
    before = (atlas.root / "search.sqlite").read_bytes()
    atlas.search.words("cat", 5)
    assert (atlas.root / "search.sqlite").read_bytes() == before
    assert not list(atlas.root.glob("search.sqlite-*"))


def test_the_index_holds_no_text_of_its_own(atlas):
    """Contentless: the atlas has the text already."""
    with sqlite3.connect(atlas.root / "search.sqlite") as db:
        for table in ("text", "named"):
            assert db.execute(f"SELECT words FROM {table} WHERE {table} MATCH 'cat' LIMIT 1").fetchall() == [(None,)]
