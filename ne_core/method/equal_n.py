"""Number of features of a neuron at a given number of examples, with confidence intervals.

A neuron with more examples has more features, whatever it means. So neurons are compared by the mean number of features
over random sets of n of their examples, with the same n for all. The mean distance between examples does not depend on
the number of examples, in expectation: it is taken over all pairs.

Intervals are ± 1.96 standard errors from a jackknife (examples left out). A bootstrap would draw examples twice: two
copies of an example are at distance 0 and form one feature, so it would count too few. Number of features: a
delete-half jackknife over random halves of the examples, each measured by a few sets of n; the variance of sets within
a half says nothing about the neuron and is subtracted. With fewer than 2 n examples a part of n is used instead of a
half, and the variance is scaled up; with exactly n there is no interval. Mean distance: a leave-one-out jackknife.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

HALVES, SETS = 40, 5  # random halves of a neuron's examples, and sets of n from each
SURE = 1.96  # standard errors to either side: a 95 % interval if errors are normal


@dataclass(frozen=True)
class Measure:
    """A value and the ends of its 95 % interval, NaN if there is none."""

    value: float
    low: float
    high: float


def mean_features(
    cosines: Float[np.ndarray, "m m"], n: int, cut: float, rng: np.random.Generator, halves: int = HALVES
) -> Measure:
    """Mean number of features over random sets of n of m examples; NaN if m < n."""
    m = len(cosines)
    if m <= n:
        count = float(counts(cosines, np.arange(m)[None], cut)[0]) if m == n else np.nan
        return Measure(count, np.nan, np.nan)
    sets = random_sets(m, n, halves, rng)
    n_features = counts(cosines, sets.reshape(-1, n), cut).reshape(halves, SETS)
    error = float(np.sqrt(between(n_features) * scale(m, n)))
    value = float(n_features.mean())
    return Measure(value, max(1.0, value - SURE * error), min(float(n), value + SURE * error))


def half_size(m: int, n: int) -> int:
    """Number of examples that a jackknife sample keeps of m: half of them, but at least n."""
    return max(n, m // 2)


def scale(m: int, n: int) -> float:
    """Factor from the variance over samples of r of m examples to the variance for m new examples; exact for means."""
    r = half_size(m, n)
    return r / (m - r)


def random_sets(m: int, n: int, halves: int, rng: np.random.Generator) -> Int[np.ndarray, "halves sets {n}"]:
    """Draw SETS sets of n examples from each of `halves` random halves of m examples."""
    half = rng.random((halves, m)).argsort(axis=1)[:, : half_size(m, n)]
    within = rng.random((halves, SETS, half.shape[1])).argsort(axis=2)[:, :, :n]
    return np.take_along_axis(half[:, None], within, axis=2)


def random_subsets(m: int, n: int, k: int, rng: np.random.Generator) -> Int[np.ndarray, "{k} {n}"]:
    """Draw k random sets of n of m examples."""
    return rng.random((k, m)).argsort(axis=1)[:, :n]


def between(n_features: Float[np.ndarray, "halves sets"]) -> float:
    """Variance between halves, less the part that the variance of sets within a half causes; at least 0."""
    within = n_features.var(axis=1, ddof=1).mean() / n_features.shape[1]
    return max(0.0, float(n_features.mean(axis=1).var(ddof=1) - within))


def counts(cosines: Float[np.ndarray, "m m"], sets: Int[np.ndarray, "k n"], cut: float) -> Float[np.ndarray, " k"]:
    """Number of features of each set of examples: as many as `cut` of its `tree` gives."""
    return joined_counts(distances_in(cosines, sets), cut)


def distances_in(cosines: Float[np.ndarray, "m m"], sets: Int[np.ndarray, "k n"]) -> Float[np.ndarray, "k n n"]:
    """Distances between the examples of each set; inf on the diagonal, so that no example is joined with itself."""
    apart = 1 - cosines[sets[:, :, None], sets[:, None, :]].astype(np.float64)
    apart[:, np.arange(sets.shape[1]), np.arange(sets.shape[1])] = np.inf
    return apart


def joined_counts(apart: Float[np.ndarray, "k n n"], cut: float) -> Float[np.ndarray, " k"]:
    """Number of clusters of each set, for all sets at once; overwrites `apart`.

    In every set the two nearest clusters are joined until no two are within the cut.
    """
    k, n, _ = apart.shape
    sizes, left, active = np.ones((k, n)), np.full(k, float(n)), np.arange(k)
    while len(active):
        nearest = apart.reshape(len(active), -1).argmin(axis=1)
        a, b = np.divmod(nearest, n)
        # float32, as trees are stored: a set of all examples must be cut as the tree is
        joinable = apart[np.arange(len(active)), a, b].astype(np.float32) <= cut
        if not joinable.all():  # copying is most of the work
            active, apart, sizes, a, b = (each[joinable] for each in (active, apart, sizes, a, b))
        join(apart, sizes, a, b)
        left[active] -= 1
    return left


def join(
    apart: Float[np.ndarray, "k n n"],
    sizes: Float[np.ndarray, "k n"],
    a: Int[np.ndarray, " k"],
    b: Int[np.ndarray, " k"],
) -> None:
    """Join cluster a into cluster b in every set, in place: distances to both become their mean, weighted by size."""
    each = np.arange(len(apart))
    size_a, size_b = sizes[each, a][:, None], sizes[each, b][:, None]
    joined = (size_a * apart[each, a] + size_b * apart[each, b]) / (size_a + size_b)
    apart[each, b], apart[each, :, b] = joined, joined
    apart[each, a], apart[each, :, a] = np.inf, np.inf
    apart[each, b, b] = np.inf
    sizes[each, b] += sizes[each, a]


def mean_distance(cosines: Float[np.ndarray, "m m"]) -> Measure:
    """Mean distance over all pairs, with a leave-one-out interval that is NaN for fewer than three examples."""
    m = len(cosines)
    if m < 2:
        return Measure(np.nan, np.nan, np.nan)
    apart = 1 - cosines.astype(np.float64)
    np.fill_diagonal(apart, 0)
    row_sums = apart.sum(axis=1)
    total = row_sums.sum()
    value = total / (m * (m - 1))
    if m == 2:
        return Measure(float(value), np.nan, np.nan)
    without = (total - 2 * row_sums) / ((m - 1) * (m - 2))
    error = np.sqrt((m - 1) * np.var(without))
    return Measure(float(value), float(max(0.0, value - SURE * error)), float(min(2.0, value + SURE * error)))
