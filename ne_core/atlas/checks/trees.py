"""Check that trees are valid: walking a tree with a node that is used twice would never end."""

from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.errors import AtlasError

HIGHEST = 2.001  # maximum cosine distance, plus rounding


def check_trees(path: Path, trees: Float[np.ndarray, "m 4"], counts: Int[np.ndarray, " n_neurons"]) -> None:
    """Raise AtlasError unless the merges of each neuron are a possible average linkage of its `counts` examples."""
    if not np.isfinite(trees).all():
        raise AtlasError(f"{path} holds numbers that are not finite: build the atlas again")
    n_merges = np.maximum(counts - 1, 0)
    start, leaves = np.repeat(np.cumsum(n_merges) - n_merges, n_merges), np.repeat(counts, n_merges)
    if not (joins_once(trees, start, leaves) and rising(trees[:, 2], start) and counted(trees, start, leaves)):
        raise AtlasError(f"{path} holds something that is not a tree of cosine distances: build the atlas again")


def joins_once(trees: Float[np.ndarray, "m 4"], start: Int[np.ndarray, " m"], leaves: Int[np.ndarray, " m"]) -> bool:
    """True if every node but the root is joined exactly once, by a branch point with a higher number."""
    ends = (leaves + np.arange(len(trees)) - start)[:, None]
    if not ((trees[:, :2] >= 0) & (trees[:, :2] < ends)).all():
        return False
    children = trees[:, :2].astype(np.int64)
    joined = np.zeros(2 * len(trees), dtype=bool)  # a neuron with m merges has 2 m nodes below its root
    joined[children + 2 * start[:, None]] = True
    return bool(joined.all() and (children == trees[:, :2]).all())


def rising(heights: Float[np.ndarray, " m"], start: Int[np.ndarray, " m"]) -> bool:
    """True if heights rise from 0 within each tree, as measures that sum over the pairs below a cut require."""
    same: Bool[np.ndarray, " pairs"] = start[1:] == start[:-1]
    within = ((heights >= 0) & (heights <= HIGHEST)).all()
    return bool(within and (heights[1:] >= heights[:-1])[same].all())


def counted(trees: Float[np.ndarray, "m 4"], start: Int[np.ndarray, " m"], leaves: Int[np.ndarray, " m"]) -> bool:
    """True if the last column is the number of leaves below, given that children come before their branch point."""
    children = trees[:, :2].astype(np.int64)
    branch = children >= leaves[:, None]
    merge = np.where(branch, children - leaves[:, None] + start[:, None], 0)
    return bool((np.where(branch, trees[merge, 3], 1).sum(axis=1) == trees[:, 3]).all())
