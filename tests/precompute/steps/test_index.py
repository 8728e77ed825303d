"""The feature table, against counting and sorting by hand."""

import pickle
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.method import similar
from ne_core.method.embeddings import Embedder
from ne_core.method.similar import OF_ONE_LAYER, SPACES
from ne_core.method.statistics import InputStatistics
from ne_core.refs import FeatureRef
from precompute.steps.aligned import layer_aligners
from precompute.steps.index import (
    IndexingError,
    SimilarJob,
    feature_table,
    owners,
    similar_from,
    space_shape,
    space_vectors,
    work_similar,
)
from precompute.steps.key_tokens import key_tokens
from precompute.steps.sample import moments
from tests.support.planted import LAYERS, planted_layers


@pytest.fixture(scope="module")
def planted():
    return planted_layers(np.random.default_rng(0))


def vectors_of(layers) -> dict[str, np.ndarray]:
    """Vectors of all spaces; the layers, which have no common inputs, are standardised and not rotated."""
    embedders = {layer.rows.layer: Embedder(InputStatistics(*moments([layer.rows.x]))) for layer in layers}
    aligners = layer_aligners(layers, embedders)
    return {space: space_vectors(layers, space, aligners=aligners) for space in SPACES}


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


def test_key_tokens_are_counted_most_frequent_first():
    feature, token = np.array([1, 1, 1, 0, 1, 1, 3]), np.array([9, 4, 9, 5, 2, 4, 7])
    keys = key_tokens(feature, token, 4)
    assert keys.most_frequent(2).tolist() == [[5, -1], [4, 9], [-1, -1], [7, -1]]
    assert keys.most_frequent_counts(2).tolist() == [[1, 0], [2, 2], [0, 0], [1, 0]]


def test_feature_table_matches_the_planted_features(atlas):
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


def test_feature_table_matches_the_rows(planted):
    texts, layers = planted
    vectors = vectors_of(layers)
    table = feature_table(layers, vectors, texts.tokens)
    id = 0
    for layer in layers:
        rows = layer.rows
        for neuron, n_features in enumerate(layer.features.n_features):
            start = rows.offsets[neuron]
            for feature in range(n_features):
                feature_rows = start + np.flatnonzero(
                    layer.features.feature[start : rows.offsets[neuron + 1]] == feature
                )
                assert (table["layer"][id], table["neuron"][id], table["feature"][id]) == (rows.layer, neuron, feature)
                assert table["mean_activation"][id] == pytest.approx(rows.activation[feature_rows].mean(), rel=1e-5)
                central = start + table["central"][id]
                x = rows.x[rows.x_row[central]].astype(np.float32)
                all_x = rows.x.astype(float)
                aligned = (x - all_x.mean(axis=0)) / all_x.std(axis=0, ddof=1)
                spaces = {"neuron": x * rows.weights.W_in[:, neuron], "pre_mlp": x, "aligned": aligned}
                for space, vector in spaces.items():
                    direction = vector / np.linalg.norm(vector)
                    np.testing.assert_allclose(vectors[space][id], direction, rtol=1e-4, atol=1e-5)
                counts = Counter(texts.tokens[rows.example[feature_rows], rows.pos[feature_rows]].tolist())
                assert table["key_token_counts"][id][0] == max(counts.values())
                id += 1
    assert id == len(table["layer"])


def test_similar_features_have_the_same_direction(atlas):
    """L0 N0 F0, L0 N2 F0, L2 N0 F0 and L2 N3 F2 were planted in one direction."""
    ring = [FeatureRef(0, 0, 0), FeatureRef(0, 2, 0), FeatureRef(2, 0, 0), FeatureRef(2, 3, 2)]
    for space in SPACES:
        for ref in ring:
            similar_features = atlas.similar(ref, space)
            assert {other for other, _ in similar_features[:3]} == set(ring) - {ref}
            assert similar_features[2][1] > 0.9 > 0.3 > similar_features[3][1]


def test_layers_of_different_widths_are_refused(planted):
    _, (first, second) = planted
    rows = second.rows
    narrow = replace(rows, x=rows.x[:, :4], weights=replace(rows.weights, W_in=rows.weights.W_in[:4]))
    with pytest.raises(IndexingError, match="different input widths"):
        space_vectors([first, replace(second, rows=narrow)], "neuron")


def test_owners_are_numbered_through_all_layers(planted):
    layers = planted[1]
    expected = [0, 0, 1, 2, 2, 2, 2, 3, 5, 5] + [6 + n for n in (0, 0, 2, 3, 3, 3, 4)]
    assert owners(layers).tolist() == expected


def test_similar_features_do_not_depend_on_the_order_of_units(planted, tmp_path, monkeypatch):
    """Compare vectors in memory with files that workers map, as in a build."""
    monkeypatch.setattr(similar, "BLOCK", 5)
    texts, layers = planted
    in_memory = {space: space_vectors(layers, space) for space in OF_ONE_LAYER}
    expected = feature_table(layers, in_memory, texts.tokens)
    files = {space: tmp_path / f"{space}.npy" for space in OF_ONE_LAYER}
    for space, file in files.items():
        mapped = np.lib.format.open_memmap(file, "w+", np.float32, space_shape(layers))
        space_vectors(layers, space, out=mapped).flush()
    job = pickle.loads(pickle.dumps(SimilarJob(files, owners(layers))))
    units = {number: work_similar(job, number) for number in np.random.default_rng(0).permutation(job.n_units).tolist()}
    assert job.n_units == 8
    for name, column in similar_from(job, units.__getitem__).items():
        np.testing.assert_array_equal(column, expected[name])
