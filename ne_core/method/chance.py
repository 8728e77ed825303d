"""Units against chance: how two samples separate, one-sided p-values, and false-discovery rates.

Chance is a sample of a measure of random units. A p-value is the share of random units with at most a unit's value,
the unit counted as one of them, so that it is uniform for a random unit and never 0. Of many units a few have small
p-values by chance: the false-discovery rate of Benjamini and Hochberg (1995) takes their number into account.
"""

import numpy as np
from jaxtyping import Float


def separation(values: Float[np.ndarray, " n"], random: Float[np.ndarray, " m"]) -> float:
    """Probability that a unit's value is below a random unit's, equal ones counted half (AUC); NaN without any."""
    if not len(values) or not len(random):
        return float("nan")
    ordered = np.sort(random)
    above = 2 * len(random) - np.searchsorted(ordered, values, "left") - np.searchsorted(ordered, values, "right")
    return float(above.mean() / (2 * len(random)))


def p_values(values: Float[np.ndarray, " n"], random: Float[np.ndarray, " m"]) -> Float[np.ndarray, " n"]:
    """One-sided p-value of each unit: probability of a value at most as large by chance."""
    return (1 + np.searchsorted(np.sort(random), values, "right")) / (1 + len(random))


def false_discovery(p: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Smallest false-discovery rate at which each unit is significant: p n / rank, made to rise with p."""
    order = np.argsort(p)[::-1]
    rates = np.empty(len(p))
    rates[order] = np.minimum.accumulate(p[order] * len(p) / np.arange(len(p), 0, -1))
    return np.minimum(rates, 1)
