"""Assignment by means of unit embeddings, against average linkage written out."""

import numpy as np
import pytest

from ne_core.method.assignment import FeatureMeans, assign, feature_means
from ne_core.method.trees.cluster import unit


def brute(units: np.ndarray, members: np.ndarray, feature: np.ndarray) -> np.ndarray:
    """Mean cosine distance [n_queries n_features]."""
    apart = 1 - units @ members.T
    return np.stack([apart[:, feature == each].mean(1) for each in range(feature.max() + 1)], axis=1)


@pytest.fixture
def members():
    """Three neurons of 30, 1 and 12 examples."""
    rng = np.random.default_rng(1)
    sizes, of_neuron = (30, 1, 12), [rng.integers(4, size=30), np.zeros(1, dtype=int), np.repeat([0, 1], 6)]
    units = [unit(rng.normal(size=(n, 5))).astype(np.float32) for n in sizes]
    starts = np.cumsum([0, *(each.max() + 1 for each in of_neuron)])
    parts = [feature_means(*each, int(each[1].max()) + 1) for each in zip(units, of_neuron, strict=True)]
    means, limits = zip(*parts, strict=True)
    return units, of_neuron, FeatureMeans(starts, np.concatenate(means), np.concatenate(limits))


def test_distances_are_mean_distances_to_members(members):
    units, of_neuron, features = members
    rng = np.random.default_rng(2)
    queries, neuron = unit(rng.normal(size=(60, 5))).astype(np.float32), rng.integers(3, size=60)
    result = assign(queries, neuron, features)
    for k in range(60):
        apart = np.sort(brute(queries[[k]], units[neuron[k]], of_neuron[neuron[k]])[0])
        nearest = brute(queries[[k]], units[neuron[k]], of_neuron[neuron[k]])[0].argmin()
        assert result.feature[k] == nearest
        assert result.distance[k] == pytest.approx(apart[0], abs=1e-6)
        assert result.margin[k] == pytest.approx(
            apart[1] - apart[0] if len(apart) > 1 else np.nan, abs=1e-6, nan_ok=True
        )


def two_at_right_angles(limit: float) -> FeatureMeans:
    means, _ = feature_means(np.eye(2, dtype=np.float32), np.array([0, 1]), 2)
    return FeatureMeans(np.array([0, 2]), means, np.full(2, limit, np.float32))


def test_an_input_between_two_features_in_the_head():
    """Two features at right angles; an input along the first is at 0 from it and at 1 from the second."""
    features = two_at_right_angles(limit=0.5)
    result = assign(np.array([[1, 0], [-1, 0]], dtype=np.float32), np.array([0, 0]), features)
    assert result.feature.tolist() == [0, 1]
    assert result.distance.tolist() == [0, 1]
    assert result.margin.tolist() == [1, 1]
    assert result.unlike.tolist() == [False, True]


def test_neurons_without_features_and_no_inputs_at_all():
    none = FeatureMeans(np.zeros(2, dtype=np.int64), np.zeros((0, 3), np.float32), np.zeros(0, np.float32))
    result = assign(np.ones((2, 3), dtype=np.float32), np.zeros(2, dtype=np.int64), none)
    assert result.feature.tolist() == [-1, -1]
    assert not result.unlike.any()
    assert len(assign(np.ones((0, 3), dtype=np.float32), np.zeros(0, dtype=np.int64), none).feature) == 0
