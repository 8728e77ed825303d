"""Similar features: nearest by cosine among the central examples of other neurons' features, exactly, in blocks."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.cluster import unit

BLOCK_SCORES = 2**25  # scores looked at together: a block of rows against all
GROUPS = 64  # columns whose maximum stands for them when a bound is looked for
SPACES = {"neuron": "neuron embeddings, x ⊙ W_in", "pre_mlp": "pre-MLP embeddings, x"}


@dataclass(frozen=True)
class Nearest:
    """Feature numbers and cosines, best first; −1 and NaN where there are fewer than `k` others."""

    ids: Int[np.ndarray, "n k"]
    cosines: Float[np.ndarray, "n k"]


def nearest(
    vectors: Float[np.ndarray, "n d"],
    neuron: Int[np.ndarray, " n"],
    k: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Nearest:
    """The `k` most similar rows of *other* neurons, for every row; `neuron` numbers the neuron that a row belongs to.

    A faiss flat index searched for more than k + the largest neuron's features would also do, but one neuron may own
    hundreds; masking a block's own neurons before the selection is exact for any size. Ties go to the lower number.
    """
    units, owner = unit(np.asarray(vectors, dtype=np.float32)), np.asarray(neuron, dtype=np.int32)
    n = len(units)
    ids = np.full((n, k), -1, dtype=np.int64)
    cosines = np.full((n, k), np.nan, dtype=np.float32)
    block = max(1, BLOCK_SCORES // max(n, 1))
    for start in range(0, n, block):
        rows = slice(start, min(start + block, n))
        scores = units[rows] @ units.T
        scores[owner[rows, None] == owner] = -np.inf
        ids[rows], cosines[rows] = top(scores, k)
        progress(rows.stop, n)
    return Nearest(ids, cosines)


def top(scores: Float[np.ndarray, "rows n"], k: int) -> tuple[Int[np.ndarray, "rows k"], Float[np.ndarray, "rows k"]]:
    """Columns and scores of the k highest of each row, −1 and NaN where fewer are above −∞; ties to the left.

    Only scores that reach a bound are sorted, which costs far less than partitioning whole rows.
    """
    row, column = np.nonzero((scores >= bound(scores, k)[:, None]) & (scores > -np.inf))
    order = np.lexsort((column, -scores[row, column], row))
    row, column = row[order], column[order]
    place = np.arange(len(row)) - np.searchsorted(row, row)
    row, column, place = row[place < k], column[place < k], place[place < k]
    ids = np.full((len(scores), k), -1, dtype=np.int64)
    values = np.full((len(scores), k), np.nan, dtype=scores.dtype)
    ids[row, place], values[row, place] = column, scores[row, column]
    return ids, values


def bound(scores: Float[np.ndarray, "rows n"], k: int) -> Float[np.ndarray, " rows"]:
    """A score that at least k of each row reach: the kth highest of the maxima of groups of columns; else −∞."""
    whole = scores.shape[1] // GROUPS * GROUPS
    if whole // GROUPS < k:
        return np.full(len(scores), -np.inf, dtype=scores.dtype)
    maxima = scores[:, :whole].reshape(len(scores), GROUPS, -1).max(axis=1)
    return np.partition(maxima, -k, axis=1)[:, -k]
