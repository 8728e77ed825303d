"""Which direction is a meaning? Fitted on half of a neuron's examples, it is taken out of the inputs of the others.

With μ the mean of x over the layer's sample, f the mean of a feature's examples less μ and s that of its siblings:

literal   d = f − s, u = d / |d|, x' = x − (x·u) u
beyond    d = f − s (f·s) / (s·s), u = d / |d|, x' = x − ((x − μ)·u) u

All examples of a neuron were chosen for much the same pre-activation, so that w·f ≈ w·s, and w·d ≈ 0: the literal
direction is one that the neuron hardly reads. `beyond` is what the feature has that its siblings do not point to: the
rest of f after what is along s, which w reads in full.

Each is fitted three times: to the features, to features dealt out anew among the fitted examples (`shuffled`), and to
nothing, a random direction (`random`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.method.meaning import along, scaled

WAYS = ("literal", "beyond")
FITS = ("features", "shuffled", "random")
KINDS = tuple((way, fit) for way in WAYS for fit in FITS)


@dataclass(frozen=True)
class Examples:
    """A neuron's, with the mean of x over its layer's sample; `order` is random and says who is held out."""

    x: Float[np.ndarray, "n d_in"]
    mean: Float[np.ndarray, " d_in"]
    order: Int[np.ndarray, " n"]


@dataclass(frozen=True)
class Trial:
    """One direction out of a neuron's held-out examples: their rows, whether of the feature, and their inputs then.

    `kind` is the number of (way, fit) in KINDS.
    """

    kind: int
    u: Float[np.ndarray, " d_in"]
    rows: Int[np.ndarray, " k"]
    own: Bool[np.ndarray, " k"]
    x: Float[np.ndarray, "k d_in"]

    @property
    def named(self) -> tuple[str, str]:
        return KINDS[self.kind]


def held_out(features: Int[np.ndarray, " n"], order: Int[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
    """Every second example of each feature, in the given order; the odd one, and a single one, is fitted to."""
    by_feature = order[np.argsort(features[order], kind="stable")]
    sizes = np.bincount(features)
    place = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    held = np.empty(len(order), dtype=bool)
    held[by_feature] = place % 2 == 1
    return held


def testable(features: Int[np.ndarray, " n"], least: int) -> Int[np.ndarray, " k"]:
    """Features of at least so many examples whose siblings are as many."""
    sizes = np.bincount(features)
    return np.flatnonzero((sizes >= least) & (len(features) - sizes >= least))


def trials(
    examples: Examples,
    features: Int[np.ndarray, " n"],
    least: int,
    kinds: tuple[tuple[str, str], ...],
    rng: np.random.Generator,
) -> Iterator[Trial]:
    """Of every testable feature one trial of each kind."""
    held = held_out(features, examples.order)
    rows = examples.order[held[examples.order]]
    for feature in testable(features, least).tolist():
        own = features == feature
        for way, fit in kinds:
            u = direction(examples, own, held, way, fit, rng)
            x = without(examples.x[rows], examples.mean, u, way)
            yield Trial(KINDS.index((way, fit)), u, rows, own[rows], x)


def direction(
    examples: Examples,
    own: Bool[np.ndarray, " n"],
    held: Bool[np.ndarray, " n"],
    way: str,
    fit: str,
    rng: np.random.Generator,
) -> Float[np.ndarray, " d_in"]:
    """Of length 1, or 0 where feature and siblings do not differ. What is held out is not looked at."""
    if fit == "random":
        return scaled(rng.standard_normal(examples.x.shape[1]))
    fitted, mine = examples.x[~held], own[~held]
    if fit == "shuffled":
        mine = rng.permutation(mine)
    f, s = (fitted[of].mean(axis=0, dtype=np.float64) - examples.mean for of in (mine, ~mine))
    return scaled(f - s if way == "literal" else f - along(f, s))


def without(
    x: Float[np.ndarray, "k d_in"], mean: Float[np.ndarray, " d_in"], u: Float[np.ndarray, " d_in"], way: str
) -> Float[np.ndarray, "k d_in"]:
    """x after the surgery: nothing along u is left, or as much as the layer has on average."""
    along_u = x @ u - (0 if way == "literal" else mean @ u)
    return (x - np.outer(along_u, u)).astype(np.float32)


def read(w: Float[np.ndarray, " d_in"], u: Float[np.ndarray, " d_in"]) -> float:
    """How much of a direction the neuron reads: |w·u| / |w|."""
    length = float(np.linalg.norm(w))
    return abs(float(w @ u)) / length if length > 0 else 0.0
