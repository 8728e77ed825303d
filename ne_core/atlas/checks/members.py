"""Do features and central examples lie where the trees say? `verify` asks: nothing that reads an atlas stumbles on it.

Drawn from its root down, a tree puts its examples side by side, and everything below a branch point is an interval.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.errors import AtlasError


@dataclass(frozen=True)
class Intervals:
    """Of all neurons' trees, one after the other: each branch point and its two children, as intervals of places.

    `begin` is the first place below the branch point, `middle` that of its right child; `size` counts the places.
    `row` is the example at each place, `place` the place of each example; places count on from neuron to neuron.
    """

    begin: Int[np.ndarray, " m"]
    middle: Int[np.ndarray, " m"]
    size: Int[np.ndarray, " m"]
    row: Int[np.ndarray, " n_rows"]
    place: Int[np.ndarray, " n_rows"]


def check_members(folder: Path, columns: dict[str, np.ndarray], counts: Int[np.ndarray, " n_neurons"], cut: float):
    """Raise unless central examples lie below their branch points, and features are the parts of trees at the cut.

    The trees are known to be trees, and the neuron to have as many features as parts: see `checks`.
    """
    trees = np.asarray(columns["trees"])
    found = intervals(trees, counts)
    first_row = np.repeat(np.cumsum(counts) - counts, np.maximum(counts - 1, 0))
    central = found.place[first_row + columns["merge_central"]]
    if not ((found.begin <= central) & (central < found.begin + found.size)).all():
        raise AtlasError(f"{folder / 'merge_central.npy'} has a central example that is not below its branch point")
    below, feature = trees[:, 2] <= cut, columns["feature"]
    if not (feature[found.row[found.begin]] == feature[found.row[found.middle]])[below].all():
        raise AtlasError(f"{folder / 'feature.npy'} has other features than the trees at the default cut")


def intervals(trees: Float[np.ndarray, "m 4"], counts: Int[np.ndarray, " n_neurons"]) -> Intervals:
    """All trees at once, a branch point of each at a time, from the last down."""
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
    place = begin[is_leaf]
    return Intervals(begin[branch], begin[children[:, 1]], size[branch], np.argsort(place), place)


def leaves(
    nodes: Int[np.ndarray, " n_neurons"], counts: Int[np.ndarray, " n_neurons"], first_node: Int[np.ndarray, " n"]
) -> Bool[np.ndarray, " n_nodes"]:
    """Which nodes are examples: the first of each neuron's."""
    return np.arange(nodes.sum()) - np.repeat(first_node, nodes) < np.repeat(counts, nodes)
