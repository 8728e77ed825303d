"""Directions of meanings, fitted on half of a neuron's examples and removed from the inputs of the other half.

With μ the mean of x over the layer's sample, f the mean of a feature's examples less μ and s that of its siblings:

literal   d = f − s, u = d / |d|, x' = x − (x·u) u
beyond    d = f − s (f·s) / (s·s), u = d / |d|, x' = x − ((x − μ)·u) u

All examples of a neuron have a similar pre-activation, so w·f ≈ w·s and w·d ≈ 0: the neuron hardly reads the literal
direction. `beyond` is the part of f that is orthogonal to s.

Each direction is fitted three times: to the features, to features shuffled among the fitted examples (`shuffled`), and
to nothing, a random direction (`random`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

METHODS = ("literal", "beyond")
FITS = ("features", "shuffled", "random")
KINDS = tuple((method, fit) for method in METHODS for fit in FITS)


@dataclass(frozen=True)
class Examples:
    """Examples of a neuron, the mean of x over its layer's sample, and a random order for holding out."""

    x: Float[np.ndarray, "n d_in"]
    mean: Float[np.ndarray, " d_in"]
    order: Int[np.ndarray, " n"]


@dataclass(frozen=True)
class Trial:
    """One direction removed from a neuron's held-out examples.

    `rows`: the held-out examples; `in_feature`: those of the feature; `x`: their inputs without the direction; `kind`:
    index of (method, fit) in KINDS.
    """

    kind: int
    u: Float[np.ndarray, " d_in"]
    rows: Int[np.ndarray, " k"]
    in_feature: Bool[np.ndarray, " k"]
    x: Float[np.ndarray, "k d_in"]

    @property
    def kind_name(self) -> tuple[str, str]:
        return KINDS[self.kind]


def held_out(features: Int[np.ndarray, " n"], order: Int[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
    """Mask of every second example of each feature, in the given order; the first one of each feature is fitted to."""
    by_feature = order[np.argsort(features[order], kind="stable")]
    sizes = np.bincount(features)
    place = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    is_held_out = np.empty(len(order), dtype=bool)
    is_held_out[by_feature] = place % 2 == 1
    return is_held_out


def testable(features: Int[np.ndarray, " n"], min_size: int) -> Int[np.ndarray, " k"]:
    """Features with at least `min_size` examples, whose siblings have as many together."""
    sizes = np.bincount(features)
    return np.flatnonzero((sizes >= min_size) & (len(features) - sizes >= min_size))


def trials(
    examples: Examples,
    features: Int[np.ndarray, " n"],
    min_size: int,
    kinds: tuple[tuple[str, str], ...],
    rng: np.random.Generator,
) -> Iterator[Trial]:
    """Yield one trial of each kind for every testable feature."""
    held = held_out(features, examples.order)
    rows = examples.order[held[examples.order]]
    for feature in testable(features, min_size).tolist():
        in_feature = features == feature
        for method, fit in kinds:
            u = direction(examples, in_feature, held, method, fit, rng)
            x = without(examples.x[rows], examples.mean, u, method)
            yield Trial(KINDS.index((method, fit)), u, rows, in_feature[rows], x)


def direction(
    examples: Examples,
    in_feature: Bool[np.ndarray, " n"],
    held: Bool[np.ndarray, " n"],
    method: str,
    fit: str,
    rng: np.random.Generator,
) -> Float[np.ndarray, " d_in"]:
    """Direction of length 1, or 0 if feature and siblings do not differ. Held-out examples are not used."""
    if fit == "random":
        return normalised(rng.standard_normal(examples.x.shape[1]))
    fitted, fitted_in_feature = examples.x[~held], in_feature[~held]
    if fit == "shuffled":
        fitted_in_feature = rng.permutation(fitted_in_feature)
    f, s = (
        fitted[mask].mean(axis=0, dtype=np.float64) - examples.mean for mask in (fitted_in_feature, ~fitted_in_feature)
    )
    return normalised(f - s if method == "literal" else f - along(f, s))


def along(f: Float[np.ndarray, " d_in"], s: Float[np.ndarray, " d_in"]) -> Float[np.ndarray, " d_in"]:
    """Part of f along s."""
    squared = float(s @ s)
    return s * ((f @ s) / squared) if squared > 0 else np.zeros_like(s)


def normalised(d: Float[np.ndarray, " d_in"]) -> Float[np.ndarray, " d_in"]:
    length = float(np.linalg.norm(d))
    return (d / length if length > 0 else np.zeros_like(d)).astype(np.float32)


def without(
    x: Float[np.ndarray, "k d_in"], mean: Float[np.ndarray, " d_in"], u: Float[np.ndarray, " d_in"], method: str
) -> Float[np.ndarray, "k d_in"]:
    """Remove u from x: `literal` leaves nothing along u, `beyond` leaves the layer's mean."""
    along_u = x @ u - (0 if method == "literal" else mean @ u)
    return (x - np.outer(along_u, u)).astype(np.float32)


def share_read(w: Float[np.ndarray, " d_in"], u: Float[np.ndarray, " d_in"]) -> float:
    """Share of a direction that the neuron reads: |w·u| / |w|."""
    length = float(np.linalg.norm(w))
    return abs(float(w @ u)) / length if length > 0 else 0.0
