"""Token importance by distance from the key token, and the distance of the farthest important token."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas import Neuron
from ne_core.method.agreement import baseline_importances


@dataclass(frozen=True)
class ByDistance:
    """Signed importance at 1, 2, … tokens before the key token: mean, standard deviation and number of tokens.

    Mean and spread are NaN where no importance is known. `n_examples` examples have importances.
    """

    mean: Float[np.ndarray, " n_before"]
    spread: Float[np.ndarray, " n_before"]
    count: Int[np.ndarray, " n_before"]
    n_examples: int


def by_distance(importances: Float[np.ndarray, "n back"]) -> ByDistance:
    """Summarise rows of importances; the last column is the key token's, NaN is not computed or outside the example."""
    before = importances[:, -2::-1].astype(np.float64)
    known = np.isfinite(before)
    count = known.sum(axis=0)
    divisor = np.where(count > 0, count, np.nan)
    mean = np.where(known, before, 0).sum(axis=0) / divisor
    squares = np.where(known, (before - mean) ** 2, 0).sum(axis=0) / divisor
    return ByDistance(mean, np.sqrt(squares), count, int(np.isfinite(importances).any(axis=1).sum()))


def distances(neuron: Neuron, rows: Int[np.ndarray, " k"], baseline: int | None) -> tuple[ByDistance, ByDistance]:
    """Summarise these rows of a neuron, and its other rows, under one mask baseline or their mean for None."""
    values, inside = (
        baseline_importances(np.asarray(neuron.window_importances), baseline),
        np.zeros(len(neuron), dtype=bool),
    )
    inside[rows] = True
    return by_distance(values[inside]), by_distance(values[~inside])


def reach(importances: Float[np.ndarray, "n back"], least: float) -> Int[np.ndarray, " n"]:
    """Distance to the farthest token before the key token with an importance of at least `least` in size.

    0 if no token before the key token is as important; −1 if importance was not computed.
    """
    back = importances.shape[1]
    important = np.abs(np.nan_to_num(importances)) >= least
    important[:, -1] = True
    known = np.isfinite(importances).any(axis=1)
    return np.where(known, back - 1 - important.argmax(axis=1), -1)


def has_importance(neuron: Neuron, rows: Int[np.ndarray, " k"], baseline: int | None) -> bool:
    """True if the importance of any token before a key token of these rows is known."""
    return bool(np.isfinite(baseline_importances(neuron.window_importances[rows], baseline)[:, :-1]).any())
