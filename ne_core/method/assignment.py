"""The feature that an input would join: average linkage from it to each feature of its neuron.

With u the embedding scaled to length 1, and M the members of a feature,

    distance = mean over M of 1 − u · u_m = 1 − u · mean(u_m)

so that a feature is known by the mean of its members' unit embeddings. An input is unlike anything seen when it is
further from its nearest feature than the limit of ne_core/method/unlike.py.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.method.unlike import limits

BLOCK = 2**22  # numbers multiplied together


@dataclass(frozen=True)
class FeatureMeans:
    """Features of some neurons, those of neuron k at starts[k]:starts[k+1]; `limit` beyond which an input is unlike."""

    starts: Int[np.ndarray, " n_starts"]
    mean: Float[np.ndarray, "n_features d"]
    limit: Float[np.ndarray, " n_features"]


@dataclass(frozen=True)
class Assigned:
    """Of each input: its neuron's nearest feature, how far it is, how much further the next; −1 and NaN for none."""

    feature: Int[np.ndarray, " k"]
    distance: Float[np.ndarray, " k"]
    margin: Float[np.ndarray, " k"]
    limit: Float[np.ndarray, " k"]

    @property
    def unlike(self) -> Bool[np.ndarray, " k"]:
        """True where the distance is above the limit of the feature."""
        return self.distance > self.limit


def feature_means(
    units: Float[np.ndarray, "n d"], feature: Int[np.ndarray, " n"], n_features: int
) -> tuple[Float[np.ndarray, "n_features d"], Float[np.ndarray, " n_features"]]:
    """Means and limits of one neuron's features, from its members' unit embeddings and the feature of each."""
    sums = (feature == np.arange(n_features)[:, None]).astype(units.dtype) @ units
    sizes = np.maximum(np.bincount(feature, minlength=n_features), 1)
    return sums / sizes[:, None].astype(np.float32), limits(units, feature, n_features)


def assign(units: Float[np.ndarray, "k d"], neuron: Int[np.ndarray, " k"], features: FeatureMeans) -> Assigned:
    """The nearest feature of each input's neuron, of equals the first; neurons are numbered as in `features.starts`."""
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
    """1 − u · mean for each (input, feature) pair, some at a time."""
    distances = np.empty(len(of), dtype=np.float32)
    step = max(1, BLOCK // max(1, units.shape[1]))
    for start in range(0, len(of), step):
        part = slice(start, start + step)
        distances[part] = 1 - np.einsum("pd,pd->p", units[of[part]], means[row[part]])
    return distances
