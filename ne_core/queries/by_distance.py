"""Token importance by how far a token stands before the key token; and how far back the important ones reach."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas import Neuron
from ne_core.method.agreement import baseline_importances


@dataclass(frozen=True)
class ByDistance:
    """Signed importance at 1, 2, … tokens before the key token: mean, standard deviation and how many tokens.

    Mean and spread are NaN where nothing is known. `n_examples` have importances at all.
    """

    mean: Float[np.ndarray, " n_before"]
    spread: Float[np.ndarray, " n_before"]
    count: Int[np.ndarray, " n_before"]
    n_examples: int


def by_distance(importances: Float[np.ndarray, "n back"]) -> ByDistance:
    """Over rows of importances, whose last column is the key token's; NaN where not computed or outside."""
    before = importances[:, -2::-1].astype(np.float64)
    known = np.isfinite(before)
    count = known.sum(axis=0)
    some = np.where(count > 0, count, np.nan)
    mean = np.where(known, before, 0).sum(axis=0) / some
    squares = np.where(known, (before - mean) ** 2, 0).sum(axis=0) / some
    return ByDistance(mean, np.sqrt(squares), count, int(np.isfinite(importances).any(axis=1).sum()))


def distances(neuron: Neuron, rows: Int[np.ndarray, " k"], baseline: int | None) -> tuple[ByDistance, ByDistance]:
    """Of these rows of a neuron, and of its others, under one mask baseline or, for None, their mean."""
    values, inside = (
        baseline_importances(np.asarray(neuron.window_importances), baseline),
        np.zeros(len(neuron), dtype=bool),
    )
    inside[rows] = True
    return by_distance(values[inside]), by_distance(values[~inside])


def reach(importances: Float[np.ndarray, "n back"], least: float) -> Int[np.ndarray, " n"]:
    """How many tokens before the key token the farthest one of at least this importance stands, by size.

    0 where no token before the key token is as important; −1 where importance was not computed.
    """
    back = importances.shape[1]
    important = np.abs(np.nan_to_num(importances)) >= least
    important[:, -1] = True
    known = np.isfinite(importances).any(axis=1)
    return np.where(known, back - 1 - important.argmax(axis=1), -1)
