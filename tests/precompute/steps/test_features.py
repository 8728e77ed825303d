"""Features of planted neurons, independent of the number of workers."""

from dataclasses import fields, replace

import numpy as np
import pytest

from ne_core.method.layer import NeuronLayer
from ne_core.method.measures import feature_distances, measures
from ne_core.method.trees.cluster import cluster
from precompute.steps import features as stage
from precompute.steps.activating_examples import ActivatingExamples
from precompute.steps.features import (
    Chunk,
    FeaturesJob,
    chunk_features,
    features_from,
    features_of,
    tasks,
    unit_ranges,
    work_features,
)
from precompute.steps.layer_features import Features, LayerFeatures
from tests.support.planted import LAYERS, planted_layers


def random_rows(layer: int, counts: list[int], seed: int = 0, d_in: int = 5) -> ActivatingExamples:
    """Return neurons with the given numbers of examples, some of which share their inputs."""
    rng = np.random.default_rng(seed)
    n_rows, n_neurons = sum(counts), len(counts)
    x = rng.normal(size=(n_rows // 2 + 1, d_in)).astype(np.float32)
    return ActivatingExamples(
        layer=layer,
        weights=NeuronLayer(rng.normal(size=(d_in, n_neurons)).astype(np.float32), np.zeros(n_neurons, np.float32)),
        maxima=np.ones(n_neurons, dtype=np.float32),
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        example=np.arange(n_rows),
        pos=np.ones(n_rows, dtype=np.int32),
        activation=np.ones(n_rows, dtype=np.float32),
        window_activations=np.ones((n_rows, 3), dtype=np.float32),
        x_row=rng.integers(len(x), size=n_rows),
        x=x,
    )


def are_equal(one: Features, other: Features) -> bool:
    return all(np.array_equal(getattr(one, f.name), getattr(other, f.name), equal_nan=True) for f in fields(Features))


@pytest.fixture(scope="module")
def planted() -> list[LayerFeatures]:
    return planted_layers(np.random.default_rng(0))[1]


def cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    one, other = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in (one, other))
    return one @ other.T


def test_planted_features_are_recovered(planted):
    for layer in planted:
        meanings = LAYERS[layer.rows.layer]
        assert layer.features.n_features.tolist() == [len(m) for m in meanings]
        sizes = [meaning.size for neuron in meanings for meaning in sorted(neuron, key=lambda m: -m.size)]
        assert layer.features.size.tolist() == sizes


def test_examples_of_a_planted_feature_share_a_direction(planted):
    for layer in planted:
        x = layer.rows.x[layer.rows.x_row]
        strongest = np.argmax(x.reshape(len(x), 4, 4).sum(axis=2), axis=1)
        for feature in range(layer.n_features):
            assert len(set(strongest[layer.feature_of_row == feature].tolist())) == 1


def test_features_match_clustering_each_neuron(monkeypatch):
    monkeypatch.setattr(stage, "CHUNK", 3)
    rows = random_rows(1, [5, 0, 1, 2, 30, 0, 8])
    (layer,) = features_of([rows], 0.6)
    features, merges, first = layer.features, 0, 0
    for neuron, n in enumerate([5, 0, 1, 2, 30, 0, 8]):
        neuron_rows = slice(rows.offsets[neuron], rows.offsets[neuron + 1])
        if n == 0:
            assert features.n_features[neuron] == 0
            assert np.isnan(features.mean_distance[neuron])
            continue
        expected_clusters = cluster(rows.weights.embed(rows.neuron_x(neuron), neuron), 0.6)
        expected = measures(expected_clusters.tree, 0.6)
        of_neuron = slice(first, first + expected.n_features)
        np.testing.assert_allclose(features.trees[merges : merges + n - 1], expected_clusters.tree, atol=1e-6)
        assert features.merge_central[merges : merges + n - 1].tolist() == expected_clusters.merge_central.tolist()
        assert features.feature[neuron_rows].tolist() == expected_clusters.feature.tolist()
        assert features.rank[neuron_rows].tolist() == expected_clusters.rank.tolist()
        assert features.central[of_neuron].tolist() == expected_clusters.central.tolist()
        np.testing.assert_allclose(
            features.feature_distance[of_neuron], feature_distances(expected_clusters.tree, 0.6), atol=1e-6
        )
        x_row, w = rows.x_row[neuron_rows], rows.weights.W_in[:, neuron]
        others = [x * w for row, x in enumerate(rows.x) if row not in x_row]
        background = 1 - cosines(rows.neuron_x(neuron) * w, np.array(others)).mean().item()
        np.testing.assert_allclose(features.background_distance[neuron], background, atol=1e-5)
        assert features.n_suggested[neuron] == 0  # the paper's embedding has no calibrated cut
        assert np.isnan(features.suggested_cut[neuron])
        for name in ("mean_distance", "intra_distance", "inter_distance", "largest_share", "n_features"):
            np.testing.assert_allclose(getattr(features, name)[neuron], getattr(expected, name), atol=1e-6)
        merges, first = merges + n - 1, first + expected.n_features
    assert (merges, first) == (len(features.trees), layer.n_features)


@pytest.mark.slow
def test_features_do_not_depend_on_workers(monkeypatch):
    monkeypatch.setattr(stage, "CHUNK", 4)
    layers = [random_rows(0, [12] * 11), random_rows(2, [0, 7, 1], seed=1), random_rows(3, [3], seed=2)]
    here = features_of(layers, 0.5)
    monkeypatch.setattr(stage, "FEW_ROWS", 0)
    progress = []
    one = features_of(layers, 0.5, workers=1, on_progress=lambda done, total: progress.append((done, total)))
    three = features_of(layers, 0.5, workers=3)
    for a, b, c in zip(here, one, three, strict=True):
        assert are_equal(a.features, b.features)
        assert are_equal(b.features, c.features)
    assert [layer.rows.layer for layer in three] == [0, 2, 3]
    assert progress[-1] == (15, 15)
    assert len(progress) == 5


def test_features_do_not_depend_on_the_order_of_units(monkeypatch):
    """Compute some units before others, as after a kill; x is float16, as in a build."""
    monkeypatch.setattr(stage, "CHUNK", 2)
    layers = [halved(random_rows(0, [12, 0, 4, 9, 1])), halved(random_rows(3, [6, 0, 0], seed=1))]
    ranges = unit_ranges([5, 3])
    assert ranges == [range(3), range(3, 5)]
    units = {}
    for done in ({0, 3}, {1, 2, 4}):
        for rows, mine in zip(layers, ranges, strict=True):
            results = {unit: work_features(FeaturesJob(0.5), chunk) for unit, chunk in tasks(rows, mine, done)}
            assert set(results) == set(mine) - done
            units |= results
    for layer, rows, mine in zip(features_of(layers, 0.5), layers, ranges, strict=True):
        assert are_equal(features_from(rows, units.__getitem__, mine).features, layer.features)


def halved(rows: ActivatingExamples) -> ActivatingExamples:
    return replace(rows, x=rows.x.astype(np.float16))


def test_features_of_memory_mapped_x(tmp_path):
    rows = halved(random_rows(0, [12, 0, 4]))
    mapped = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float16, rows.x.shape)
    mapped[:] = rows.x
    (one,), (other,) = features_of([rows], 0.5), features_of([replace(rows, x=mapped)], 0.5)
    assert are_equal(one.features, other.features)


def test_float16_inputs_give_the_same_features_as_float32():
    rows = halved(random_rows(0, [40], d_in=600))
    x = rows.neuron_x(0)
    others, is_other = rows.x[:3], np.ones((1, 3), dtype=bool)
    one = chunk_features(Chunk(x, np.array([40]), rows.weights.W_in, others, is_other), 0.5)
    x, others = (each.astype(np.float32) for each in (x, others))
    other = chunk_features(Chunk(x, np.array([40]), rows.weights.W_in, others, is_other), 0.5)
    assert are_equal(one, other)


def test_arrays_of_a_unit_round_trip():
    features = features_of([random_rows(0, [7, 0, 1])], 0.5)[0].features
    arrays = features.to_arrays()
    assert all(isinstance(array, np.ndarray) for array in arrays.values())
    assert are_equal(Features.from_arrays(arrays), features)


def test_layer_without_examples():
    (layer,) = features_of([random_rows(0, [0, 0])], 0.5)
    assert layer.n_features == 0
    assert layer.features.trees.shape == (0, 4)


def test_row_and_feature_numbers_of_a_layer(planted):
    for layer in planted:
        for feature, row in enumerate(layer.central_rows):
            assert layer.feature_of_row[row] == feature
            assert layer.features.rank[row] == 0
