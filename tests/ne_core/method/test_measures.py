"""Measures read off the tree against the mean over all pairs of embeddings."""

import numpy as np
import pytest

from ne_core.method.measures import feature_distances, measures, pairs_joined
from ne_core.method.trees.cluster import cut, similarities, tree


def neuron(seed: int, n: int = 25) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(3, 6))[rng.integers(3, size=n)] + 0.4 * rng.normal(size=(n, 6))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("distance", [0.0, 0.1, 0.3, 0.7, 2.0])
def test_distances_are_means_over_pairs(seed: int, distance: float):
    cosines = similarities(neuron(seed))
    linkage = tree(cosines)
    features, result = cut(linkage, distance), measures(linkage, distance)
    above = np.triu_indices(len(cosines), 1)
    apart, together = (1 - cosines)[above], (features[:, None] == features[None, :])[above]
    assert result.mean_distance == pytest.approx(apart.mean(), abs=1e-5)
    for value, pairs in ((result.intra_distance, apart[together]), (result.inter_distance, apart[~together])):
        assert np.isnan(value) if not len(pairs) else value == pytest.approx(pairs.mean(), abs=1e-5)
    assert result.n_examples == 25
    assert result.n_features == len(set(features.tolist()))
    assert result.largest_share == pytest.approx(max(np.bincount(features)) / 25)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("distance", [0.0, 0.1, 0.3, 2.0])
def test_feature_distances_are_means_over_pairs(seed: int, distance: float):
    cosines = similarities(neuron(seed))
    linkage = tree(cosines)
    features = cut(linkage, distance)
    for feature, value in enumerate(feature_distances(linkage, distance)):
        rows = np.flatnonzero(features == feature)
        pairs = (1 - cosines)[np.ix_(rows, rows)][np.triu_indices(len(rows), 1)]
        assert np.isnan(value) if not len(pairs) else value == pytest.approx(pairs.mean(), abs=1e-5)


def test_one_example_has_no_distances():
    result = measures(np.zeros((0, 4), dtype=np.float32), 0.5)
    assert (result.n_examples, result.n_features, result.largest_share) == (1, 1, 1)
    assert np.isnan([result.mean_distance, result.intra_distance, result.inter_distance]).all()
    assert np.isnan(feature_distances(np.zeros((0, 4), dtype=np.float32), 0.5)).tolist() == [True]


def test_every_pair_is_joined_once():
    assert pairs_joined(tree(similarities(neuron(0)))).sum() == 25 * 24 // 2
