"""Nearest features in another layer, what they have in common with the sought ones, and the same by chance."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.method.comparable import FEWEST, LayerVectors, Verdict, matches, verdict
from precompute.evaluate.layers.features import LayerFeatures

SOUGHT = 1000  # most features of a layer that are sought in another, a random sample if there are more
RANDOM = 5  # random features of the other layer for each
BLOCK = 1024
COMMON = ("token", "position", "text")


@dataclass(frozen=True)
class Pair:
    """Features of one layer sought in another, in one space; NaN for `beyond` where a layer has too few features.

    `common` says for each feature whether it and its nearest have a property in common, `chance` the share of random
    features of the other layer that do. `beyond` is the share with a better match than random features have
    (ne_core/method/comparable.py).
    """

    space: str
    layers: tuple[int, int]
    common: dict[str, Bool[np.ndarray, " n"]]
    chance: dict[str, float]
    beyond: float
    comparable: bool


def pair(space: str, one: LayerFeatures, other: LayerFeatures, units: dict[int, Float[np.ndarray, "n d"]]) -> Pair:
    """Seek held-out features of `one` in `other`; `units` are the vectors of both, by layer."""
    rng = np.random.default_rng(one.layer)
    sought = rng.permutation(np.flatnonzero(one.held_out))[:SOUGHT]
    nearest = nearest_rows(units[one.layer][sought], units[other.layer])
    random = rng.integers(len(other), size=RANDOM * len(sought)) if len(other) else np.zeros(0, np.int64)
    by_chance = in_common(one, other, np.tile(sought, RANDOM), random)
    beyond, comparable = compared(one, other, units)
    return Pair(
        space,
        (one.layer, other.layer),
        in_common(one, other, sought, nearest),
        {name: float(values.mean()) if len(values) else float("nan") for name, values in by_chance.items()},
        beyond,
        comparable,
    )


def nearest_rows(units: Float[np.ndarray, "n d"], targets: Float[np.ndarray, "m d"]) -> Int[np.ndarray, " n"]:
    """Row of the target with the highest cosine, for each unit vector; none without targets."""
    if not len(targets):
        return np.zeros(0, dtype=np.int64)
    blocks = (units[start : start + BLOCK] @ targets.T for start in range(0, len(units), BLOCK))
    return np.concatenate([np.zeros(0, dtype=np.int64), *(cosines.argmax(axis=1) for cosines in blocks)])


def in_common(
    one: LayerFeatures, other: LayerFeatures, rows: Int[np.ndarray, " n"], others: Int[np.ndarray, " n"]
) -> dict[str, Bool[np.ndarray, " n"]]:
    """Compare features pairwise: key token of the central example, a position of both, a text of both."""
    pairs = list(zip(rows.tolist(), others.tolist(), strict=False))
    return {
        "token": one.token[rows[: len(pairs)]] == other.token[others],
        "position": np.array([not one.positions[i].isdisjoint(other.positions[j]) for i, j in pairs], dtype=bool),
        "text": np.array([not one.texts[i].isdisjoint(other.texts[j]) for i, j in pairs], dtype=bool),
    }


def compared(
    one: LayerFeatures, other: LayerFeatures, units: dict[int, Float[np.ndarray, "n d"]]
) -> tuple[float, bool]:
    """Share of the features with a match beyond chance, and whether pages compare these layers."""
    if min(len(one), len(other)) < FEWEST:
        return float("nan"), False
    a, b = (LayerVectors(units[layer.layer], layer.neuron) for layer in (one, other))
    both = matches(a, b, False, seed=one.layer), matches(b, a, False, seed=other.layer)
    return both[0].share, verdict(both) == Verdict.COMPARABLE
