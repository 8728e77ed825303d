"""Assignment of an input to a feature of its neuron: the one that it would join under average linkage.

With u the embedding scaled to length 1, and M the members of a feature,

    distance = mean over M of 1 − u · u_m = 1 − u · mean(u_m)

so the mean of the members' unit embeddings is enough to compute it. The distance of a member to the other members of
its feature is 1 − (u · Σ u_m − u · u) / (|M| − 1). An input is *unlike* a feature if its distance is above the
feature's limit, the 95 % quantile of these distances.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

QUANTILE = 0.95
BLOCK = 2**22  # numbers multiplied at a time


@dataclass(frozen=True)
class FeatureMeans:
    """Mean embedding and limit of each feature; those of neuron k are starts[k]:starts[k+1]."""

    starts: Int[np.ndarray, " n_starts"]
    mean: Float[np.ndarray, "n_features d"]
    limit: Float[np.ndarray, " n_features"]


@dataclass(frozen=True)
class Assigned:
    """Nearest feature of each input, its distance, and how much farther the second is; −1 and NaN without features."""

    feature: Int[np.ndarray, " k"]
    distance: Float[np.ndarray, " k"]
    margin: Float[np.ndarray, " k"]
    limit: Float[np.ndarray, " k"]

    @property
    def unlike(self) -> Bool[np.ndarray, " k"]:
        """Mask of the inputs whose distance is above the limit of the feature."""
        return self.distance > self.limit


def feature_means(
    units: Float[np.ndarray, "n d"], feature: Int[np.ndarray, " n"], starts: Int[np.ndarray, " n_starts"], alone: float
) -> FeatureMeans:
    """Compute the means; `feature` of each member counts over all neurons. `alone` is the limit of a feature of one."""
    n_features = int(starts[-1])
    sizes = np.bincount(feature, minlength=n_features)
    sums = summed(units, feature, n_features)
    limit = np.full(n_features, alone, dtype=np.float32)
    rest = sizes[feature] - 1
    several = rest > 0
    with_sum, itself = (np.einsum("nd,nd->n", units, other) for other in (sums[feature], units))
    left_out = 1 - (with_sum - itself)[several] / rest[several]
    limits = quantiles(left_out, feature[several], n_features, QUANTILE)
    limit[sizes > 1] = limits[sizes > 1]
    return FeatureMeans(starts, sums / np.maximum(sizes, 1)[:, None].astype(np.float32), limit)


def summed(
    values: Float[np.ndarray, "n d"], group: Int[np.ndarray, " n"], n_groups: int
) -> Float[np.ndarray, "n_groups d"]:
    """Sum of each group's rows; zeros for an empty group."""
    total = np.zeros((n_groups, values.shape[1]), dtype=values.dtype)
    if len(group):
        order = np.argsort(group, kind="stable")
        present, first = np.unique(group[order], return_index=True)
        total[present] = np.add.reduceat(values[order], first, axis=0)
    return total


def quantiles(
    values: Float[np.ndarray, " n"], group: Int[np.ndarray, " n"], n_groups: int, q: float
) -> Float[np.ndarray, " n_groups"]:
    """Quantile of each group's values, as numpy defines it; NaN for an empty group."""
    result = np.full(n_groups, np.nan)
    if len(values):
        order = np.lexsort((values, group))
        present, first, sizes = np.unique(group[order], return_index=True, return_counts=True)
        position = q * (sizes - 1)
        low, part = first + position.astype(np.int64), position - position.astype(np.int64)
        ranked = values[order].astype(np.float64)
        high = np.minimum(low + 1, first + sizes - 1)
        result[present] = ranked[low] + part * (ranked[high] - ranked[low])
    return result


def assign(units: Float[np.ndarray, "k d"], neuron: Int[np.ndarray, " k"], features: FeatureMeans) -> Assigned:
    """Find the nearest feature of each input's neuron, the first if tied; `neuron` indexes `features.starts`."""
    n_features = np.diff(features.starts)[neuron]
    of = np.repeat(np.arange(len(units)), n_features)
    first = np.cumsum(n_features) - n_features
    number = np.arange(len(of)) - first[of]
    row = features.starts[neuron][of] + number
    distance = distances(units, of, features.mean, row)
    order = np.lexsort((number, distance, of))
    has, several = np.flatnonzero(n_features > 0), np.flatnonzero(n_features > 1)
    best = order[first[has]]
    feature, (nearest, margin, limit) = np.full(len(units), -1), np.full((3, len(units)), np.nan, dtype=np.float32)
    feature[has], nearest[has], limit[has] = number[best], distance[best], features.limit[row[best]]
    margin[several] = distance[order[first[several] + 1]] - nearest[several]
    return Assigned(feature, nearest, margin, limit)


def distances(
    units: Float[np.ndarray, "k d"],
    of: Int[np.ndarray, " pairs"],
    means: Float[np.ndarray, "n_features d"],
    row: Int[np.ndarray, " pairs"],
) -> Float[np.ndarray, " pairs"]:
    """Distance 1 − u · mean of each (input, feature) pair, computed in blocks."""
    distances = np.empty(len(of), dtype=np.float32)
    step = max(1, BLOCK // max(1, units.shape[1]))
    for start in range(0, len(of), step):
        part = slice(start, start + step)
        distances[part] = 1 - np.einsum("pd,pd->p", units[of[part]], means[row[part]])
    return distances
