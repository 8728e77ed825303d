"""Check features and central examples against the trees, in `verify` only: readers tolerate such errors.

The leaves are ordered so that the examples below any branch point are an interval.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.errors import AtlasError


@dataclass(frozen=True)
class Intervals:
    """Branch points of all neurons' trees as intervals of leaf positions, numbered over all neurons.

    `begin` is the first position below the branch point, `middle` the first below its right child; `size` is the number
    of positions. `row` is the example at each position, `position` the position of each example.
    """

    begin: Int[np.ndarray, " m"]
    middle: Int[np.ndarray, " m"]
    size: Int[np.ndarray, " m"]
    row: Int[np.ndarray, " n_rows"]
    position: Int[np.ndarray, " n_rows"]


def check_members(folder: Path, columns: dict[str, np.ndarray], counts: Int[np.ndarray, " n_neurons"], cut: float):
    """Raise AtlasError unless central examples are below their branch points, and features are those of the cut.

    Trees and numbers of features must have passed the checks of the opening.
    """
    trees = np.asarray(columns["trees"])
    branches = intervals(trees, counts)
    check_central(folder / "merge_central.npy", branches, columns["merge_central"], counts)
    below, feature = trees[:, 2] <= cut, columns["feature"]
    if not (feature[branches.row[branches.begin]] == feature[branches.row[branches.middle]])[below].all():
        raise AtlasError(f"{folder / 'feature.npy'} has other features than the trees at the default cut")


def check_central(
    path: Path, branches: Intervals, merge_central: Int[np.ndarray, " m"], counts: Int[np.ndarray, " n_neurons"]
) -> None:
    """Raise AtlasError unless central examples are below their branch points."""
    first_row = np.repeat(np.cumsum(counts) - counts, np.maximum(counts - 1, 0))
    central = branches.position[first_row + merge_central]
    if not ((branches.begin <= central) & (central < branches.begin + branches.size)).all():
        raise AtlasError(f"{path} has a central example that is not below its branch point")


def intervals(trees: Float[np.ndarray, "m 4"], counts: Int[np.ndarray, " n_neurons"]) -> Intervals:
    """Compute the intervals for all trees at once, one branch point of each per step, from the root down."""
    n_merges = np.maximum(counts - 1, 0)
    nodes = counts + n_merges
    first_node, first_merge = np.cumsum(nodes) - nodes, np.cumsum(n_merges) - n_merges
    is_leaf = leaves(nodes, counts, first_node)
    size = np.ones(nodes.sum(), dtype=np.int64)
    size[~is_leaf] = trees[:, 3]
    begin = np.zeros(nodes.sum(), dtype=np.int64)
    begin[(first_node + nodes - 1)[counts > 0]] = (np.cumsum(counts) - counts)[counts > 0]
    children = trees[:, :2].astype(np.int64) + np.repeat(first_node, n_merges)[:, None]
    branch = np.flatnonzero(~is_leaf)
    for depth in range(n_merges.max(initial=0)):
        deep = n_merges > depth
        merge = (first_merge + n_merges - 1 - depth)[deep]
        left, right = children[merge].T
        begin[left] = begin[branch[merge]]
        begin[right] = begin[left] + size[left]
    position = begin[is_leaf]
    return Intervals(begin[branch], begin[children[:, 1]], size[branch], np.argsort(position), position)


def leaves(
    nodes: Int[np.ndarray, " n_neurons"], counts: Int[np.ndarray, " n_neurons"], first_node: Int[np.ndarray, " n"]
) -> Bool[np.ndarray, " n_nodes"]:
    """Mask of the nodes that are examples: the first nodes of each neuron."""
    return np.arange(nodes.sum()) - np.repeat(first_node, nodes) < np.repeat(counts, nodes)
