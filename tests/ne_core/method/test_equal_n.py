"""Features at equal numbers of examples: against all subsets, against trees, and coverage of the intervals."""

from itertools import combinations

import numpy as np
import pytest

from ne_core.method.equal_n import (
    SURE,
    between,
    counts,
    mean_distance,
    mean_features,
    random_sets,
    random_subsets,
    scale,
)
from ne_core.method.trees.cluster import similarities, tree

CUT = 0.5
AXES = np.eye(40, dtype=np.float32)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def random_cosines(m: int, d: int = 6, seed: int = 0) -> np.ndarray:
    return similarities(rng(seed).normal(size=(m, d)).astype(np.float32))


@pytest.mark.parametrize("cut", [0.0, 0.3, 0.5, 0.9, 2.0])
def test_counts_match_the_tree_of_each_set(cut):
    cosines = random_cosines(30)
    sets = random_subsets(30, 12, 60, rng(1))
    expected = [12 - int((tree(cosines[np.ix_(some, some)])[:, 2] <= cut).sum()) for some in sets]
    assert counts(cosines, sets, cut).tolist() == expected


def test_equal_examples_are_one_feature():
    cosines = similarities(AXES[np.repeat([0, 1, 2], [5, 4, 1])])
    assert counts(cosines, np.array([[0, 1, 5, 9], [0, 1, 2, 3]]), CUT).tolist() == [3, 1]


def test_mean_features_matches_all_subsets():
    cosines = random_cosines(9)
    every = np.array(list(combinations(range(9), 4)))
    result = mean_features(cosines, 4, CUT, rng(), halves=2000)
    assert result.value == pytest.approx(counts(cosines, every, CUT).mean(), abs=0.02)


@pytest.mark.parametrize("m", [2, 7, 30])
def test_set_of_all_examples_gives_the_plain_count_without_an_interval(m):
    cosines = random_cosines(m)
    result = mean_features(cosines, m, CUT, rng())
    assert result.value == m - int((tree(cosines)[:, 2] <= CUT).sum())
    assert np.isnan([result.low, result.high]).all()


def test_fewer_examples_than_a_set_give_nan():
    result = mean_features(random_cosines(19), 20, CUT, rng())
    assert np.isnan([result.value, result.low, result.high]).all()


def test_neuron_of_one_meaning_has_one_feature():
    result = mean_features(similarities(AXES[np.zeros(50, dtype=int)]), 20, CUT, rng())
    assert (result.value, result.low, result.high) == (1, 1, 1)


def test_every_planted_meaning_is_counted():
    """Plant seven meanings of ten examples each: the probability that 20 of 70 examples miss one is known."""
    result = mean_features(similarities(AXES[np.repeat(np.arange(7), 10)]), 20, CUT, rng())
    missed = np.prod([(60 - i) / (70 - i) for i in range(20)])
    assert result.value == pytest.approx(7 * (1 - missed), abs=0.1)
    whole = mean_features(similarities(AXES[np.repeat(np.arange(7), 10)]), 69, CUT, rng())
    assert whole.value == 7


@pytest.mark.parametrize(("m", "n"), [(70, 20), (41, 20), (30, 20), (21, 20)])
def test_random_sets_are_within_halves_without_repetition(m, n):
    sets = random_sets(m, n, 50, rng())
    assert sets.shape[0::2] == (50, n)
    for half in sets:
        assert all(len(set(some)) == n for some in half.tolist())
        assert len(np.unique(half)) <= max(n, m // 2)
    assert set(sets.ravel().tolist()) == set(range(m))


def test_scale_is_exact_for_means():
    """Compare the scaled variance of means of random subsets with their standard error."""
    values = rng().normal(size=30)
    for n in (5, 20, 28):
        left = max(n, 15)
        means = [rng(i).choice(values, left, replace=False).mean() for i in range(2000)]
        assert np.var(means) * scale(30, n) == pytest.approx(values.var(ddof=1) / 30, rel=0.15)


def test_variance_within_halves_is_subtracted():
    noise = rng().normal(size=(4000, 5))
    assert between(noise) == pytest.approx(0, abs=0.02)
    assert between(noise + rng(1).normal(size=(4000, 1))) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("m", [25, 40, 100])
def test_intervals_cover_the_true_value(m):
    """Draw examples of 24 meanings with very different shares: the mean number of meanings in 20 is known."""
    shares = 1 / np.arange(1, 25)
    shares /= shares.sum()
    truth, n_covered = (1 - (1 - shares) ** 20).sum(), 0
    for seed in range(60):
        meaning = rng([seed, m]).choice(24, m, p=shares)
        result = mean_features(similarities(AXES[meaning]), 20, CUT, rng(seed))
        n_covered += result.low <= truth <= result.high
    assert n_covered / 60 >= 0.88


def test_mean_distance_matches_all_pairs():
    cosines = random_cosines(12)
    result = mean_distance(cosines)
    assert result.value == pytest.approx(np.mean([1 - cosines[i, j] for i, j in combinations(range(12), 2)]))
    without = [mean_distance(np.delete(np.delete(cosines, i, 0), i, 1)).value for i in range(12)]
    error = np.sqrt(11 / 12 * np.sum((np.array(without) - np.mean(without)) ** 2))
    assert (result.high - result.low) / 2 == pytest.approx(SURE * error)


@pytest.mark.parametrize(("m", "known"), [(0, 0), (1, 0), (2, 1), (3, 3)])
def test_mean_distance_of_few_examples(m, known):
    result = mean_distance(random_cosines(m))
    assert np.isfinite([result.value, result.low, result.high]).sum() == known
