"""Assignment of an input to a feature of its neuron: the one that it would join under average linkage.

With u the embedding scaled to length 1, and M the members of a feature,

    distance = mean over M of 1 − u · u_m = 1 − u · mean(u_m)

so the mean of the members' unit embeddings is enough to compute it. An input is *unlike* its nearest feature if
it is farther from it than the limit of ne_core/method/unlike.py.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.method.unlike import limits

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
    units: Float[np.ndarray, "n d"], feature: Int[np.ndarray, " n"], n_features: int
) -> tuple[Float[np.ndarray, "n_features d"], Float[np.ndarray, " n_features"]]:
    """Compute means and limits of one neuron's features from its members' unit embeddings and the feature of each."""
    sums = (feature == np.arange(n_features)[:, None]).astype(units.dtype) @ units
    sizes = np.maximum(np.bincount(feature, minlength=n_features), 1)
    return sums / sizes[:, None].astype(np.float32), limits(units, feature, n_features)


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
