"""Token importance under several mask baselines: one baseline or their mean, and the agreement between baselines.

Masking the key token removes the whole activation under every baseline, so it is left out of the comparison.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float, Int

DRAWN = 0.03  # importances smaller than this are not underlined, so their sign does not count


@dataclass(frozen=True)
class Agreement:
    """Agreement of importances between baselines; shares are NaN if there was nothing to compare.

    `sign`: share of the tokens underlined by a baseline that no other baseline underlines with the opposite sign.
    `top`: share of the examples whose most important token (by size) is the same under all baselines.
    `correlation`: Pearson's over the tokens, for the pair of baselines with the lowest.
    """

    n_examples: int
    n_tokens: int
    sign: float
    top: float
    correlation: float


def baseline_importances(
    importances: Float[np.ndarray, "n baselines back"], baseline: int | None
) -> Float[np.ndarray, "n back"]:
    """Importances under one baseline, or their mean over all for None; NaN where an importance is missing."""
    if not importances.shape[1]:
        return np.full((len(importances), importances.shape[2]), np.nan, dtype=np.float32)
    return importances[:, baseline] if baseline is not None else importances.astype(np.float32).mean(axis=1)


def contradictions(importances: Float[np.ndarray, "n baselines back"]) -> Bool[np.ndarray, "n back"]:
    """Mask of tokens whose masking lowers the activation under one baseline and raises it under another, by ≥ DRAWN."""
    return (importances >= DRAWN).any(axis=1) & (importances <= -DRAWN).any(axis=1)


def agreement(importances: Float[np.ndarray, "n baselines back"]) -> Agreement:
    """Compare the baselines on the tokens before the key token that have importances under all of them."""
    before = importances[:, :, :-1].astype(np.float64)
    known = np.isfinite(before).all(axis=1)
    before, known = before[known.any(axis=1)], known[known.any(axis=1)]
    drawn = known & (np.abs(before) >= DRAWN).any(axis=1)
    tops = most_important(before, known)
    tokens = before.transpose(1, 0, 2)[:, known]
    return Agreement(
        len(before),
        int(known.sum()),
        share(~contradictions(before)[drawn]),
        share((tops == tops[:, :1]).all(axis=1)),
        lowest_correlation(tokens),
    )


def most_important(
    importances: Float[np.ndarray, "n baselines back"], known: Bool[np.ndarray, "n back"]
) -> Int[np.ndarray, "n baselines"]:
    """Position of each example's most important token, by size, under each baseline."""
    sizes = np.where(known[:, None], np.abs(importances), -1)
    return sizes.argmax(axis=2) if sizes.size else np.zeros(sizes.shape[:2], dtype=np.int64)


def share(agree: Bool[np.ndarray, " n"]) -> float:
    """The share that agrees; NaN of none."""
    return float(agree.mean()) if len(agree) else float("nan")


def lowest_correlation(tokens: Float[np.ndarray, "baselines n"]) -> float:
    """Lowest Pearson correlation between two baselines; NaN for one baseline, one token or a constant baseline."""
    if tokens.shape[1] < 2 or len(tokens) < 2 or (np.ptp(tokens, axis=1) == 0).any():
        return float("nan")
    pairs = np.corrcoef(tokens)
    return float(min(pairs[i, j] for i, j in combinations(range(len(tokens)), 2)))
