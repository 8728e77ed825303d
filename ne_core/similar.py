"""Similar features: nearest by cosine among the central examples of other neurons' features, exactly, in blocks."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.cluster import unit

BLOCK = 1024
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
    units = unit(np.asarray(vectors, dtype=np.float32))
    n = len(units)
    ids = np.full((n, k), -1, dtype=np.int64)
    cosines = np.full((n, k), np.nan, dtype=np.float32)
    for start in range(0, n, BLOCK):
        rows = slice(start, min(start + BLOCK, n))
        scores = units[rows] @ units.T
        scores[neuron[rows, None] == neuron[None, :]] = -np.inf
        ids[rows], cosines[rows] = top(scores, k)
        progress(rows.stop, n)
    return Nearest(ids, cosines)


def top(scores: Float[np.ndarray, "rows n"], k: int) -> tuple[Int[np.ndarray, "rows k"], Float[np.ndarray, "rows k"]]:
    """Columns and scores of the k highest of each row, −1 and NaN in place of −inf."""
    width = min(k, scores.shape[1])
    best = np.sort(np.argpartition(-scores, width - 1, axis=1)[:, :width], axis=1)
    values = np.take_along_axis(scores, best, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    ids, values = np.take_along_axis(best, order, axis=1), np.take_along_axis(values, order, axis=1)
    missing = np.isneginf(values)
    pad = ((0, 0), (0, k - width))
    return (
        np.pad(np.where(missing, -1, ids), pad, constant_values=-1),
        np.pad(np.where(missing, np.nan, values), pad, constant_values=np.nan),
    )
