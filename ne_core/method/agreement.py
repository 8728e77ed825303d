"""Token importance under several mask baselines: one of them or their mean, and whether they agree.

Masking the key token itself takes the whole activation away under any baseline, so it is left out of the comparison.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float, Int

DRAWN = 0.03  # importances of less are not underlined, so their sign is nobody's claim


@dataclass(frozen=True)
class Agreement:
    """How alike importances are under all baselines; shares are NaN where nothing could be compared.

    `sign`: of the tokens that some baseline underlines, the share that no other underlines the other way round.
    `top`: of the examples, the share whose most important token (by size) is the same under all.
    `correlation`: Pearson's over the tokens, of the pair of baselines that agrees least.
    """

    n_examples: int
    n_tokens: int
    sign: float
    top: float
    correlation: float


def of_baseline(
    importances: Float[np.ndarray, "n baselines back"], baseline: int | None
) -> Float[np.ndarray, "n back"]:
    """Importances under one baseline, or, for None, their mean over all; NaN where one is not known, or none is."""
    if not importances.shape[1]:
        return np.full((len(importances), importances.shape[2]), np.nan, dtype=np.float32)
    return importances[:, baseline] if baseline is not None else importances.astype(np.float32).mean(axis=1)


def contradictions(importances: Float[np.ndarray, "n baselines back"]) -> Bool[np.ndarray, "n back"]:
    """Tokens whose masking lowers the activation under one baseline and raises it under another, both visibly."""
    return (importances >= DRAWN).any(axis=1) & (importances <= -DRAWN).any(axis=1)


def agreement(importances: Float[np.ndarray, "n baselines back"]) -> Agreement:
    """Compare the baselines on the tokens before the key token that all of them were computed for."""
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
    """Where each example's most important token stands, by size, under each baseline."""
    sizes = np.where(known[:, None], np.abs(importances), -1)
    return sizes.argmax(axis=2) if sizes.size else np.zeros(sizes.shape[:2], dtype=np.int64)


def share(agree: Bool[np.ndarray, " n"]) -> float:
    return float(agree.mean()) if len(agree) else float("nan")


def lowest_correlation(tokens: Float[np.ndarray, "baselines n"]) -> float:
    """NaN for a single baseline, for fewer than two tokens and for a baseline that never varies."""
    if tokens.shape[1] < 2 or len(tokens) < 2 or (np.ptp(tokens, axis=1) == 0).any():
        return float("nan")
    pairs = np.corrcoef(tokens)
    return float(min(pairs[i, j] for i, j in combinations(range(len(tokens)), 2)))
