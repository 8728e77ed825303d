"""Limits by conformal ranks: by hand, against distances written out, and on planted features of known sizes."""

import math

import numpy as np
import pytest

from ne_core.method.assignment import FeatureMeans, assign, feature_means
from ne_core.method.trees.cluster import unit
from ne_core.method.unlike import ALPHA, LEAST, conformal, left_out, to_others

SIZES = (1, 2, 5, 20, 100)


@pytest.mark.parametrize(("n", "rank"), [(0, None), (1, None), (18, None), (19, 19), (20, 20), (39, 38), (100, 96)])
def test_the_rank_counts_the_new_one_too(n, rank):
    distances = np.random.default_rng(n).permutation(np.arange(1.0, n + 1))
    assert conformal(distances) == (math.inf if rank is None else rank)


def test_members_are_left_out_of_their_feature_alone():
    rng = np.random.default_rng(1)
    units, feature = unit(rng.normal(size=(30, 5))), np.append(rng.integers(4, size=29), 4)
    apart = 1 - units @ units.T
    nearest, distance = left_out(apart, feature, 5)
    for i in range(30):
        others = np.arange(30) != i
        means = [apart[i, others & (feature == f)].mean() if (others & (feature == f)).any() else 9 for f in range(5)]
        assert nearest[i] == np.argmin(means)
        assert distance[i] == pytest.approx(min(means))


def test_others_are_different_ones_of_the_same_feature():
    """On a line, of three features: members at 0 and 10, at 1, 3 and 7, and at 20."""
    place, feature = np.array([0.0, 1, 3, 10, 7, 20]), np.array([0, 1, 1, 0, 1, 2])
    apart = np.abs(place[:, None] - place)
    assert to_others(apart, feature, np.array([0, 1]), 1).tolist() == [10, 10, 2, 4, 6]
    assert to_others(apart, feature, np.array([1]), 2).tolist() == [4, 3, 5]
    assert len(to_others(apart, feature, np.array([], dtype=int), 3)) == 0


def planted(rng: np.random.Generator, directions: np.ndarray, feature: np.ndarray) -> np.ndarray:
    """Unit embeddings scattered alike around the direction of each one's feature."""
    return unit(directions[feature] + rng.normal(size=(len(feature), directions.shape[1])) / 12).astype(np.float32)


def rates(sizes: tuple[int, ...], n_neurons: int = 120, n_new: int = 40, d: int = 48) -> np.ndarray:
    """The share of new members of each feature that is beyond the limit, over many neurons with such features."""
    rng, feature, new = np.random.default_rng(0), *(np.repeat(np.arange(len(sizes)), n) for n in (sizes, n_new))
    unlike = np.zeros((n_neurons, len(new)))
    for number in range(n_neurons):
        directions = unit(rng.normal(size=(len(sizes), d)))
        known = feature_means(planted(rng, directions, feature), feature, len(sizes))
        features = FeatureMeans(np.array([0, len(sizes)]), *known)
        assigned = assign(planted(rng, directions, new), np.zeros(len(new), dtype=int), features)
        unlike[number] = assigned.unlike
    return np.array([unlike[:, new == f].mean() for f in range(len(sizes))])


def test_new_members_of_small_and_large_features_are_unlike_at_the_rate_that_is_aimed_at():
    """A quantile of each feature's own members would be exceeded by a third of the new members of two."""
    for size, rate in zip(SIZES, rates(SIZES), strict=True):
        assert rate == pytest.approx(ALPHA, abs=0.02), size


def test_features_of_one_size_pool_what_they_know():
    assert rates((5,) * 8, n_neurons=40) == pytest.approx(ALPHA, abs=0.025)
    assert max(rates((1,) * 20, n_neurons=10)) < ALPHA  # each new meaning so far was far from all others


def test_a_new_meaning_is_unlike():
    rng, feature = np.random.default_rng(3), np.repeat([0, 1], 30)
    directions = unit(rng.normal(size=(3, 48)))
    known = FeatureMeans(np.array([0, 2]), *feature_means(planted(rng, directions, feature), feature, 2))
    assert assign(planted(rng, directions, np.full(50, 2)), np.zeros(50, dtype=int), known).unlike.all()


def test_too_few_members_know_nothing_of_what_is_unlike():
    units = unit(np.random.default_rng(0).normal(size=(LEAST - 1, 4)))
    _, limit = feature_means(units, np.arange(LEAST - 1) % 3, 3)
    assert np.isinf(limit).all()
    assert np.isinf(feature_means(units[:1], np.zeros(1, dtype=int), 1)[1]).all()
    assert len(feature_means(units[:0], np.zeros(0, dtype=int), 0)[1]) == 0
