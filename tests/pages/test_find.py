"""Search compared with plain loops over the examples."""

import re
import shutil
from pathlib import Path

import faiss
import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.errors import AtlasError
from ne_core.method.trees.cluster import unit
from ne_core.queries.passages import matching_tokens, passages, piece_pattern, rows_of, word_patterns
from ne_core.queries.space_index import space_index
from ne_core.refs import FeatureRef
from ne_core.text.token_text import visible
from pages.components.cached.vocabulary import tokens_named
from pages.components.matching import find
from pages.components.url.search_view import View
from precompute.steps.index import space_vectors
from precompute.steps.search_index import SNIPPETS
from tests.support.planted import planted_layers


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


@pytest.fixture(scope="module")
def planted():
    return planted_layers(np.random.default_rng(0))


def texts_of(atlas: Atlas, id: int) -> list[str]:
    """Displayed windows of a feature's examples."""
    ref = atlas.feature_ref(id)
    neuron = atlas.neuron(ref.of)
    rows = np.flatnonzero(neuron.feature == ref.feature)
    return ["".join(visible(atlas.vocab[t]) for t in row if t >= 0) for row in atlas.window_tokens(neuron, rows)]


def holds(text: str, piece: str) -> bool:
    """Definition of a match: the text occurs, and not inside a word if it begins with a letter."""
    text, piece = (text, piece) if piece != piece.casefold() else (text.casefold(), piece.casefold())
    places = [i for i in range(len(text)) if text.startswith(piece, i)]
    return any(i == 0 or not (re.match(r"\w", piece) and re.match(r"\w", text[i - 1])) for i in places)


PIECES = ["cat", "CAT", "the cat", "dog red", "seven", "red blue", "ca", "<script>", "alert(1)", "⏎", "moon ri",
          "[U+202E]", "日本語", "cat<", "1\"='1", "x onerror", "\\x00\\x07"]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_snippet_search_finds_all_features_with_the_text(piece, atlas, planted):
    results = find.run_search(atlas, View(piece, "snippet"))
    counts = {id: sum(holds(text, piece) for text in texts_of(atlas, id)) for id in range(len(atlas.features["size"]))}
    assert dict(zip(results.ids.tolist(), results.examples.tolist(), strict=True)).items() <= counts.items()
    assert results.examples.tolist() == sorted(results.examples.tolist(), reverse=True)
    assert not results.unread
    if piece != "ca":  # one short word is looked up as a whole
        assert set(results.ids.tolist()) >= {id for id in counts if central_holds(atlas, planted, id, piece)}


def central_holds(atlas: Atlas, planted, id: int, piece: str) -> bool:
    """Return whether one of the examples in the word index contains the piece."""
    layer = next(each for each in planted[1] if each.rows.layer == atlas.features["layer"][id])
    first = int(np.flatnonzero(atlas.features["layer"] == layer.rows.layer)[0])
    ranks = layer.features.rank[layer.feature_of_row == id - first]
    return any(holds(text, piece) for text, rank in zip(texts_of(atlas, id), ranks, strict=True) if rank < SNIPPETS)


def test_number_of_scanned_windows_is_limited(atlas, monkeypatch):
    every = find.run_search(atlas, View("the", "snippet"))
    monkeypatch.setattr(find, "MOST_WINDOWS", 30)
    some = find.run_search(atlas, View("the", "snippet"))
    assert some.unread > 0
    assert set(some.ids.tolist()) < set(every.ids.tolist())
    assert atlas.features["size"][some.ids].sum() <= 30


def test_rows_of_features_in_any_order(atlas):
    ids = np.random.default_rng(0).permutation(len(atlas.features["size"]))
    rows = rows_of(atlas, ids)
    for place, id in enumerate(ids.tolist()):
        ref, mine = atlas.feature_ref(id), rows.owner == place
        neuron = atlas.neuron(ref.of)
        expected = np.flatnonzero(neuron.feature == ref.feature)
        assert rows.row[mine].tolist() == expected.tolist()
        assert rows.example[mine].tolist() == neuron.example[expected].tolist()
        assert rows.pos[mine].tolist() == neuron.pos[expected].tolist()
    assert len(rows_of(atlas, ids[:0]).owner) == 0


def test_lines_with_a_word_or_a_piece():
    texts = ["the ", "cat", "s ", "a cat", "\n", "concat ", "cat-", "the"]
    lines = passages(np.array([[0, 1, -1], [0, 1, 2], [3, 4, 0], [5, -1, -1], [6, 7, -1], [-1, -1, -1]]), texts)
    whole, begun = (lines.matching_lines(pattern).tolist() for pattern in word_patterns(["cat", "the"]))
    assert (whole, begun) == ([0, 2, 4], [0, 1, 2, 4])
    assert lines.matching_lines(word_patterns(["cat"])[0]).tolist() == [0, 1, 2, 4]
    assert lines.matching_lines(word_patterns(["th"])[0]).tolist() == []
    assert lines.matching_lines(piece_pattern("cat-the")).tolist() == [4]
    assert lines.matching_lines(piece_pattern("-")).tolist() == [4]


@pytest.mark.parametrize("space", ["neuron", "pre_mlp"])
def test_cosines_match_faiss_and_the_vectors(space, atlas, planted):
    exact = unit(space_vectors(planted[1], space))
    index = space_index(atlas, space)
    ids = np.arange(len(exact))
    reader = faiss.read_index(str(atlas.root / f"features_{space}.faiss"))
    assert np.allclose(index.vectors(ids), reader.reconstruct_n(0, len(exact)), atol=1e-6)
    for query in exact[::5]:
        cosines = index.cosines(3 * query)
        scores, places = reader.search(query[None], len(exact))
        assert np.allclose(cosines[places[0]], np.clip(scores[0], -1, 1), atol=1e-5)
        assert np.abs(cosines - exact @ query).max() < 0.01


@pytest.mark.parametrize("space", ["neuron", "pre_mlp"])
def test_similar_features_match_brute_force(space, atlas, planted, monkeypatch):
    exact = unit(space_vectors(planted[1], space))
    owner = np.repeat(np.arange(len(atlas.neurons["layer"])), atlas.neurons["n_features"])
    for id in range(len(exact)):
        cosines = np.where(owner == owner[id], -2, exact @ exact[id])
        results = find.run_search(atlas, View(like=atlas.feature_ref(id), space=space))
        assert sorted(results.ids.tolist()) == np.flatnonzero(cosines > -2).tolist()
        assert np.abs(results.cosines - cosines[results.ids]).max() < 0.01
        assert (np.diff(results.cosines) <= 0).all()
    monkeypatch.setattr(find, "MOST_LIKE", 3)
    assert (
        find.run_search(atlas, View(like=atlas.feature_ref(id), space=space)).ids.tolist() == results.ids[:3].tolist()
    )


def test_changed_index_is_refused(tiny_atlas, tmp_path):
    root = Path(shutil.copytree(tiny_atlas, tmp_path / "copy"))
    atlas = Atlas.open(root)
    path = root / "features_neuron.faiss"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(AtlasError, match="is not an 8-bit index"):
        space_index(atlas, "neuron")


def test_feature_names_in_one_parameter():
    assert FeatureRef.parse(FeatureRef(3, 17, 2).dotted) == FeatureRef(3, 17, 2)
    for text in ("", "3.17", "3.17.2.1", "-3.17.2", "3.17.x", "３.1.1", "1.1.1\n", "9" * 30 + ".1.1"):
        with pytest.raises(ValueError, match="is not a feature"):
            FeatureRef.parse(text)


def test_tokens_by_text_with_and_without_space(atlas):
    assert tokens_named(atlas, "cat") == tokens_named(atlas, "␣cat") == tokens_named(atlas, " cat") == [1]
    assert tokens_named(atlas, "cat ") == []
    assert tokens_named(atlas, "⏎") == [15]


def test_word_over_several_tokens():
    assert matching_tokens(["re", " im", "port", " x"], word_patterns(["import"])) == [1, 2]
    assert matching_tokens(["re", " im", "port", " x"], word_patterns(["nothing"])) == []
