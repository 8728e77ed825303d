"""Between which layers a cosine means something: where features find better matches than random features do.

A random feature of a layer is a mixture of its features with normal weights: it has their mean and covariance in
expectation, so whatever those alone bring about (a direction that all share, few dimensions that matter) it finds too.

share    of a layer's features, how many have a best match in another layer above the level that 95 % of random
         features of the layer stay below; by chance it is 5 %

Two layers are *comparable* when at least half of the features of each have such a match in the other. A bound on
cosines says something there when random features reach it at most half as often as features do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from jaxtyping import Float, Int

SAMPLED = 200  # features of a layer that look for a match, and as many random ones
TARGETS = 2048  # features of the other layer that they look among, drawn where there are more
MIXED = 512  # features that random ones are mixtures of, drawn likewise
FEWEST = 20  # features of a layer: what fewer find is no measure
STAY_BELOW, ENOUGH = 0.95, 0.5


class Verdict(StrEnum):
    """What a comparison of two layers is worth."""

    COMPARABLE = "yes"
    CHANCE = "no better than chance"
    BOUND = "bound within reach of chance"
    FEW = "too few features"


MEANINGLESS = (Verdict.CHANCE, Verdict.BOUND)  # measured: a cosine between such layers says nothing


@dataclass(frozen=True)
class LayerVectors:
    """Unit vectors of features of one layer, at most TARGETS, and the neuron of each."""

    units: Float[np.ndarray, "n d"]
    neuron: Int[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.neuron)


@dataclass(frozen=True)
class Matches:
    """Best cosines in another layer: of some features of a layer, and of random ones."""

    features: Float[np.ndarray, " s"]
    random: Float[np.ndarray, " r"]

    @property
    def level(self) -> float:
        """What 95 % of random features stay below."""
        return float(np.quantile(self.random, STAY_BELOW))

    @property
    def share(self) -> float:
        """Of the features, how many are above that."""
        return float((self.features > self.level).mean())

    def tells(self, least: float) -> bool:
        """Whether a match of at least this cosine is commoner among features than among random ones."""
        return bool(2 * (self.random >= least).mean() <= (self.features >= least).mean())


def matches(seekers: LayerVectors, targets: LayerVectors, same: bool, seed: int = 0) -> Matches:
    """`same`: both are one layer, where a feature's own neuron does not count."""
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(seekers))[:SAMPLED]
    found = seekers.units[rows] @ targets.units.T
    if same:
        found[seekers.neuron[rows, None] == targets.neuron] = -1
    by_chance = random_features(seekers.units, SAMPLED, rng) @ targets.units.T
    return Matches(found.max(axis=1), by_chance.max(axis=1))


def random_features(units: Float[np.ndarray, "n d"], k: int, rng: np.random.Generator) -> Float[np.ndarray, "k d"]:
    """Unit vectors that are mixtures of these, with their mean and covariance in expectation."""
    some = units[rng.permutation(len(units))[:MIXED]]
    mean, weights = some.mean(axis=0), rng.normal(size=(k, len(some))).astype(np.float32)
    mixed = mean + weights @ (some - mean) / np.float32(np.sqrt(len(some)))
    return mixed / np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-12)


def verdict(both_ways: Sequence[Matches | None], least: float | None = None) -> Verdict:
    """What the matches of two layers in each other say; None stands for a layer of too few features."""
    if None in both_ways:
        return Verdict.FEW
    if any(each.share < ENOUGH for each in both_ways):
        return Verdict.CHANCE
    if least is not None and not all(each.tells(least) for each in both_ways):
        return Verdict.BOUND
    return Verdict.COMPARABLE
