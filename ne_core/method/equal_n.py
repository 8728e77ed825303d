"""How many features a neuron has at a given number of examples, and how sure that is.

More examples of one neuron make more features, whatever it means; so neurons are compared by the mean number over
random sets of n of their examples, n the same for all. The mean distance between examples is the same at any number,
in expectation: that of all pairs.

Intervals are ± 1.96 standard errors, from examples left out and never from examples drawn twice: two copies of one
example lie at distance 0 and are one feature, so that a bootstrap would count too few. For the features: what random
halves of the examples give, each by a few sets of n, spreads as what other examples of the same number would give
(the delete-half jackknife); the spread of sets within a half, which is no doubt about the neuron, is taken off. A
neuron with fewer than 2 n examples has no halves of n: less is left out of it, and the spread scaled up. One with n
has no interval. For the mean distance every example is left out once.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

HALVES, SETS = 40, 5  # random halves of a neuron's examples, and sets of n from each
SURE = 1.96  # standard errors to either side, 95 % where they are normal


@dataclass(frozen=True)
class Measure:
    """A number and the ends of its 95 % interval, NaN where there is none."""

    value: float
    low: float
    high: float


def features_at(
    cosines: Float[np.ndarray, "m m"], n: int, cut: float, rng: np.random.Generator, halves: int = HALVES
) -> Measure:
    """The mean number of features over random sets of n of m examples; NaN where m < n."""
    m = len(cosines)
    if m <= n:
        count = float(counts(cosines, np.arange(m)[None], cut)[0]) if m == n else np.nan
        return Measure(count, np.nan, np.nan)
    sets = random_sets(m, n, halves, rng)
    found = counts(cosines, sets.reshape(-1, n), cut).reshape(halves, SETS)
    error = float(np.sqrt(between(found) * scale(m, n)))
    value = float(found.mean())
    return Measure(value, max(1.0, value - SURE * error), min(float(n), value + SURE * error))


def half_size(m: int, n: int) -> int:
    """Of what is left of m examples: half of them, or n where that is more."""
    return max(n, m // 2)


def scale(m: int, n: int) -> float:
    """From the variance of what r of m examples give to that of what m others would: that of means, exactly."""
    r = half_size(m, n)
    return r / (m - r)


def random_sets(m: int, n: int, halves: int, rng: np.random.Generator) -> Int[np.ndarray, "halves sets {n}"]:
    """SETS sets of n from each of some random halves of m examples."""
    half = rng.random((halves, m)).argsort(axis=1)[:, : half_size(m, n)]
    within = rng.random((halves, SETS, half.shape[1])).argsort(axis=2)[:, :, :n]
    return np.take_along_axis(half[:, None], within, axis=2)


def some_sets(m: int, n: int, k: int, rng: np.random.Generator) -> Int[np.ndarray, "{k} {n}"]:
    """k random sets of n of m examples."""
    return rng.random((k, m)).argsort(axis=1)[:, :n]


def between(found: Float[np.ndarray, "halves sets"]) -> float:
    """The variance of halves, less what their sets would make them differ by if they were all alike; at least 0."""
    within = found.var(axis=1, ddof=1).mean() / found.shape[1]
    return max(0.0, float(found.mean(axis=1).var(ddof=1) - within))


def counts(cosines: Float[np.ndarray, "m m"], sets: Int[np.ndarray, "k n"], cut: float) -> Float[np.ndarray, " k"]:
    """How many features each set of examples falls into: as `cut` of its `tree` does."""
    return joined_counts(distances_in(cosines, sets), cut)


def distances_in(cosines: Float[np.ndarray, "m m"], sets: Int[np.ndarray, "k n"]) -> Float[np.ndarray, "k n n"]:
    """Between the examples of each set; inf from an example to itself, with which it is not to be joined."""
    apart = 1 - cosines[sets[:, :, None], sets[:, None, :]].astype(np.float64)
    apart[:, np.arange(sets.shape[1]), np.arange(sets.shape[1])] = np.inf
    return apart


def joined_counts(apart: Float[np.ndarray, "k n n"], cut: float) -> Float[np.ndarray, " k"]:
    """How many clusters are left of each set, all sets at once, which changes `apart`.

    The two clusters nearest each other are joined, in every set, until no two are as near as the cut.
    """
    k, n, _ = apart.shape
    sizes, left, going = np.ones((k, n)), np.full(k, float(n)), np.arange(k)
    while len(going):
        nearest = apart.reshape(len(going), -1).argmin(axis=1)
        a, b = np.divmod(nearest, n)
        # float32, as trees are stored: a set of all examples must be cut as the tree is
        more = apart[np.arange(len(going)), a, b].astype(np.float32) <= cut
        if not more.all():  # what is copied is most of the work
            going, apart, sizes, a, b = (each[more] for each in (going, apart, sizes, a, b))
        join(apart, sizes, a, b)
        left[going] -= 1
    return left


def join(
    apart: Float[np.ndarray, "k n n"],
    sizes: Float[np.ndarray, "k n"],
    a: Int[np.ndarray, " k"],
    b: Int[np.ndarray, " k"],
) -> None:
    """In every set, cluster a into cluster b: distances to both become their mean, weighted by size. In place."""
    each = np.arange(len(apart))
    size_a, size_b = sizes[each, a][:, None], sizes[each, b][:, None]
    joined = (size_a * apart[each, a] + size_b * apart[each, b]) / (size_a + size_b)
    apart[each, b], apart[each, :, b] = joined, joined
    apart[each, a], apart[each, :, a] = np.inf, np.inf
    apart[each, b, b] = np.inf
    sizes[each, b] += sizes[each, a]


def mean_distance(cosines: Float[np.ndarray, "m m"]) -> Measure:
    """Of all pairs; the interval by leaving each example out once, NaN for fewer than three."""
    m = len(cosines)
    if m < 2:
        return Measure(np.nan, np.nan, np.nan)
    apart = 1 - cosines.astype(np.float64)
    np.fill_diagonal(apart, 0)
    of_each = apart.sum(axis=1)
    total = of_each.sum()
    value = total / (m * (m - 1))
    if m == 2:
        return Measure(float(value), np.nan, np.nan)
    without = (total - 2 * of_each) / ((m - 1) * (m - 2))
    error = np.sqrt((m - 1) * np.var(without))
    return Measure(float(value), float(max(0.0, value - SURE * error)), float(min(2.0, value + SURE * error)))
