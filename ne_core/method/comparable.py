"""Test whether cosines between two layers mean anything: features must match better than random features do.

A random feature of a layer is a mixture of its features with normal weights. It has their mean and covariance in
expectation, so it shows what these alone cause (a direction shared by all, a few dominant dimensions).

share    share of a layer's features whose best match in another layer exceeds the 95 % quantile of the best matches
         of random features of the layer; 5 % by chance

Two layers are *comparable* if this share is at least one half in both directions. A minimum cosine is meaningful
if random features reach it at most half as often as features do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from jaxtyping import Float, Int

SAMPLED = 200  # features of a layer to match, and as many random ones
TARGETS = 2048  # maximum features of the other layer to match with, a random sample if there are more
MIXED = 512  # maximum features to mix into random ones, a random sample if there are more
FEWEST = 20  # minimum features of a layer
STAY_BELOW, ENOUGH = 0.95, 0.5


class Verdict(StrEnum):
    """Result of testing whether two layers can be compared."""

    COMPARABLE = "yes"
    CHANCE = "no better than chance"
    BOUND = "bound within reach of chance"
    FEW = "too few features"


MEANINGLESS = (Verdict.CHANCE, Verdict.BOUND)  # tested, and cosines between such layers are no better than chance


@dataclass(frozen=True)
class LayerVectors:
    """Unit vectors of at most TARGETS features of one layer, and the neuron of each."""

    units: Float[np.ndarray, "n d"]
    neuron: Int[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.neuron)


@dataclass(frozen=True)
class Matches:
    """Best cosine in another layer, for features of a layer and for random features."""

    features: Float[np.ndarray, " s"]
    random: Float[np.ndarray, " r"]

    @property
    def level(self) -> float:
        """95 % quantile of the best cosines of random features."""
        return float(np.quantile(self.random, STAY_BELOW))

    @property
    def share(self) -> float:
        """Share of the features above `level`."""
        return float((self.features > self.level).mean())

    def beats_chance(self, least: float) -> bool:
        """True if random features reach a cosine of `least` at most half as often as features do."""
        return bool(2 * (self.random >= least).mean() <= (self.features >= least).mean())


def matches(seekers: LayerVectors, targets: LayerVectors, same: bool, seed: int = 0) -> Matches:
    """Match features of `seekers` with `targets`; within the `same` layer a neuron's own features do not count."""
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(seekers))[:SAMPLED]
    cosines = seekers.units[rows] @ targets.units.T
    if same:
        cosines[seekers.neuron[rows, None] == targets.neuron] = -1
    random_cosines = random_features(seekers.units, SAMPLED, rng) @ targets.units.T
    return Matches(cosines.max(axis=1), random_cosines.max(axis=1))


def random_features(units: Float[np.ndarray, "n d"], k: int, rng: np.random.Generator) -> Float[np.ndarray, "k d"]:
    """Random unit vectors: mixtures of `units` with their mean and covariance in expectation, k of them."""
    some = units[rng.permutation(len(units))[:MIXED]]
    mean, weights = some.mean(axis=0), rng.normal(size=(k, len(some))).astype(np.float32)
    mixed = mean + weights @ (some - mean) / np.float32(np.sqrt(len(some)))
    return mixed / np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-12)


def verdict(both_ways: Sequence[Matches | None], least: float | None = None) -> Verdict:
    """Return the verdict on two layers from their matches in both directions; None is a layer with too few features."""
    if None in both_ways:
        return Verdict.FEW
    if any(each.share < ENOUGH for each in both_ways):
        return Verdict.CHANCE
    if least is not None and not all(each.beats_chance(least) for each in both_ways):
        return Verdict.BOUND
    return Verdict.COMPARABLE
