"""The feature table and the search index, against counting and sorting by hand."""

import sqlite3
from collections import Counter
from dataclasses import replace

import faiss
import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.refs import FeatureRef
from precompute.index import IndexingError, feature_table, neuron_numbers, space_vectors
from precompute.key_tokens import key_tokens
from precompute.search_index import SNIPPETS, write_search
from tests.planted import LAYERS, VOCAB, planted_layers


@pytest.fixture(scope="module")
def planted():
    return planted_layers(np.random.default_rng(0))


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


def test_key_tokens_are_counted_most_frequent_first():
    feature, token = np.array([1, 1, 1, 0, 1, 1, 3]), np.array([9, 4, 9, 5, 2, 4, 7])
    keys = key_tokens(feature, token, 4)
    assert keys.most_frequent(2).tolist() == [[5, -1], [4, 9], [-1, -1], [7, -1]]
    assert keys.most_frequent_counts(2).tolist() == [[1, 0], [2, 2], [0, 0], [1, 0]]


def test_the_table_says_what_was_planted(atlas):
    meanings = [
        meaning
        for layer in sorted(LAYERS)
        for neuron in LAYERS[layer]
        for meaning in sorted(neuron, key=lambda m: -m.size)
    ]
    assert atlas.features["size"].tolist() == [meaning.size for meaning in meanings]
    assert atlas.features["key_token_counts"][:, 0].tolist() == [meaning.size for meaning in meanings]
    same_size = [{m.token for m in meanings if m.size == n} for n in atlas.features["size"]]
    assert all(t in tokens for t, tokens in zip(atlas.features["key_tokens"][:, 0].tolist(), same_size, strict=True))


def test_every_column_against_the_rows(planted):
    texts, layers = planted
    vectors = {space: space_vectors(layers, space) for space in ("neuron", "pre_mlp")}
    table = feature_table(layers, vectors, texts.tokens)
    id = 0
    for found in layers:
        rows = found.rows
        for neuron, n_features in enumerate(found.features.n_features):
            start = rows.offsets[neuron]
            for feature in range(n_features):
                mine = start + np.flatnonzero(found.features.feature[start : rows.offsets[neuron + 1]] == feature)
                assert (table["layer"][id], table["neuron"][id], table["feature"][id]) == (rows.layer, neuron, feature)
                assert table["mean_activation"][id] == pytest.approx(rows.activation[mine].mean(), rel=1e-5)
                central = start + table["central"][id]
                np.testing.assert_array_equal(vectors["pre_mlp"][id], rows.x[rows.x_row[central]])
                e = rows.x[rows.x_row[central]] * rows.weights.W_in[:, neuron]
                np.testing.assert_allclose(vectors["neuron"][id], e)
                counts = Counter(texts.tokens[rows.example[mine], rows.pos[mine]].tolist())
                assert table["key_token_counts"][id][0] == max(counts.values())
                id += 1
    assert id == len(table["layer"])


def test_similar_features_point_to_features_of_the_same_direction(atlas):
    """L0 N0 F0, L0 N2 F0, L2 N0 F0 and L2 N3 F2 were planted in one direction."""
    ring = [FeatureRef(0, 0, 0), FeatureRef(0, 2, 0), FeatureRef(2, 0, 0), FeatureRef(2, 3, 2)]
    for space in ("neuron", "pre_mlp"):
        for ref in ring:
            found = atlas.similar(ref, space)
            assert {other for other, _ in found[:3]} == set(ring) - {ref}
            assert found[2][1] > 0.9 > 0.3 > found[3][1]


def test_layers_of_different_widths_are_refused(planted):
    _, (first, second) = planted
    rows = second.rows
    narrow = replace(rows, x=rows.x[:, :4], weights=replace(rows.weights, W_in=rows.weights.W_in[:4]))
    with pytest.raises(IndexingError, match="different input widths"):
        space_vectors([first, replace(second, rows=narrow)], "neuron")


def test_numbering_neurons_over_layers():
    layer, neuron = np.array([0, 0, 0, 2, 2]), np.array([1, 1, 4, 4, 5])
    assert neuron_numbers(layer, neuron).tolist() == [0, 0, 1, 2, 3]
    assert neuron_numbers(np.zeros(0, int), np.zeros(0, int)).tolist() == []


@pytest.mark.parametrize("space", ["neuron", "pre_mlp"])
def test_the_faiss_index_answers_with_feature_ids(atlas, planted, space: str):
    index = faiss.read_index(str(atlas.root / f"features_{space}.faiss"))
    vectors = space_vectors(planted[1], space)
    cosines, ids = index.search(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), 1)
    assert ids[:, 0].tolist() == list(range(len(vectors)))
    np.testing.assert_allclose(cosines, 1, atol=2e-3)


def test_search_holds_every_key_token(atlas):
    with sqlite3.connect(atlas.root / "search.sqlite") as db:
        rows = db.execute("SELECT token, feature, examples FROM key_token").fetchall()
    expected = Counter()
    for id in range(len(atlas.features["layer"])):
        ref = atlas.feature_ref(id)
        neuron = atlas.neuron(ref.of)
        mine = np.flatnonzero(neuron.feature == ref.feature)
        expected.update((int(atlas.tokens[neuron.example[r], neuron.pos[r]]), id) for r in mine)
    assert {(token, id): n for token, id, n in rows} == dict(expected)


@pytest.mark.parametrize("token", range(12))
def test_search_holds_the_windows_of_the_most_central_examples(atlas, planted, token: int):
    texts, layers = planted
    expected, first = set(), 0
    for found in layers:
        for row in np.flatnonzero(found.features.rank < SNIPPETS):
            around = texts.window.positions(found.rows.pos[[row]])[0]
            inside = around[(around >= 0) & (around < texts.lengths[found.rows.example[row]])]
            if token in texts.tokens[found.rows.example[row], inside]:
                expected.add(first + int(found.feature_of_row[row]))
        first += found.n_features
    with sqlite3.connect(atlas.root / "search.sqlite") as db:
        # a prefix, since a token without a space before it may lengthen the word
        query = f"snippets : {VOCAB[token].strip()}*"
        rows = db.execute("SELECT rowid FROM text WHERE text MATCH ?", (query,)).fetchall()
    assert {row[0] for row in rows} == expected
    assert 0 < len(expected) < first


def test_the_same_features_make_the_same_search_file(tmp_path, planted):
    texts, layers = planted
    for name in ("one", "two"):
        write_search(tmp_path / name, layers, texts)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
