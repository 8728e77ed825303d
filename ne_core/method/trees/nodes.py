"""Nodes of a tree as clusters: their examples, their inner distances, and the range of cuts at which they exist.

Nodes are numbered as in scipy's linkage: examples first, then branch points from the lowest up.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from ne_core.method.measures import pairs_joined
from ne_core.method.trees.cluster import child_pairs, first_leaves, first_members


def feature_nodes(
    tree: Float[np.ndarray, "m 4"], features: Int[np.ndarray, " m+1"], distance: float
) -> Int[np.ndarray, " n_features"]:
    """Node of each feature of `features = cut(tree, distance)`."""
    n = len(tree) + 1
    below = np.flatnonzero(tree[:, 2] <= distance)
    top = np.empty(features.max() + 1, dtype=np.int64)
    top[features] = np.arange(n)  # final for features of one example
    np.maximum.at(top, features[first_members(tree)[n + below]], n + below)
    return top


def node_rows(tree: Float[np.ndarray, "m 4"], node: int) -> Int[np.ndarray, " n_rows"]:
    """Examples below a node, ascending; for a leaf, the leaf itself."""
    return rows_below(tree, [node])[0]


def rows_below(tree: Float[np.ndarray, "m 4"], nodes: Sequence[int]) -> list[Int[np.ndarray, " n_rows"]]:
    """Examples below each of several nodes, ascending; the tree is walked once for all of them."""
    n, begin = len(tree) + 1, first_leaves(tree)
    example_at = np.argsort(begin[:n])
    sizes = (1 if node < n else int(tree[node - n, 3]) for node in nodes)
    return [np.sort(example_at[begin[node] : begin[node] + size]) for node, size in zip(nodes, sizes, strict=True)]


def inner_distances(tree: Float[np.ndarray, "m 4"]) -> Float[np.ndarray, " nodes"]:
    """Mean distance between the examples below each node; NaN for a single example."""
    n = len(tree) + 1
    pairs = np.concatenate([np.zeros(n, dtype=np.int64), pairs_joined(tree)])
    totals = np.concatenate([np.zeros(n), tree[:, 2].astype(np.float64) * pairs[n:]])
    for k, (left, right) in enumerate(child_pairs(tree)):  # children come before the branch point that joins them
        totals[n + k] += totals[left] + totals[right]
        pairs[n + k] += pairs[left] + pairs[right]
    return np.where(pairs > 0, totals / np.maximum(pairs, 1), np.nan)


def node_heights(tree: Float[np.ndarray, "m 4"]) -> Float[np.ndarray, " nodes"]:
    """Height of each node, the lowest cut at which it is one cluster: 0 for an example."""
    return np.concatenate([np.zeros(len(tree) + 1), tree[:, 2].astype(np.float64)])


def parent_heights(tree: Float[np.ndarray, "m 4"]) -> Float[np.ndarray, " nodes"]:
    """Height of each node's parent, the cut from which it is part of a larger cluster: infinite for the root."""
    heights = np.full(2 * len(tree) + 1, np.inf)
    heights[tree[:, :2].astype(np.int64)] = tree[:, 2:3]
    return heights


def join_heights(tree: Float[np.ndarray, "m 4"], row: int) -> Float[np.ndarray, " m+1"]:
    """Cophenetic distance of each example to example `row`: the height at which they join, 0 for itself."""
    n, begin = len(tree) + 1, first_leaves(tree)
    parent = np.full(2 * n - 1, -1)
    parent[tree[:, :2].astype(np.int64)] = np.arange(n, 2 * n - 1)[:, None]
    by_position = np.zeros(n)  # in an order of the leaves that keeps those below any node together
    node, low, high = int(parent[row]), begin[row], begin[row] + 1
    while node >= 0:
        start, stop = begin[node], begin[node] + int(tree[node - n, 3])
        by_position[start:low] = by_position[high:stop] = tree[node - n, 2]
        node, low, high = int(parent[node]), start, stop
    return by_position[begin[:n]]


def features_at_cuts(tree: Float[np.ndarray, "m 4"], cuts: Float[np.ndarray, " k"]) -> Int[np.ndarray, " k"]:
    """Number of features at each cut: each branch point at or below it joins two."""
    heights = np.sort(tree[:, 2])
    return len(tree) + 1 - np.searchsorted(heights, cuts.astype(heights.dtype), side="right")


def lifetimes(tree: Float[np.ndarray, "m 4"]) -> Float[np.ndarray, " nodes"]:
    """Range of cuts at which each node is a cluster: its parent's height minus its own."""
    return parent_heights(tree) - node_heights(tree)


def widest_gap(tree: Float[np.ndarray, "m 4"]) -> float | None:
    """Middle of the widest gap between successive branch heights: the partition stable over the widest range of cuts.

    Only cuts into 2 to n/2 features count: one feature, or nearly as many as examples, says nothing about meanings.
    None if there is no such cut, as with fewer than four examples. Of equal gaps the highest wins.
    """
    heights = tree[:, 2].astype(np.float64)
    return middle_of_widest(heights, len(tree) + 1)


def gap_below(tree: Float[np.ndarray, "m 4"], background: float) -> float | None:
    """Middle of the widest gap below `background`; a single feature, from the root up to it, is a candidate too.

    None for fewer than two examples, or if no two examples are nearer than `background`.
    """
    return middle_of_widest(heights_below(tree, background), len(tree) + 1)


def heights_below(tree: Float[np.ndarray, "m 4"], background: float) -> Float[np.ndarray, " m+1"]:
    """Heights of the branch points, limited to `background`, which comes last."""
    return np.minimum(np.append(tree[:, 2].astype(np.float64), background), background)


def middle_of_widest(heights: Float[np.ndarray, " k"], n: int) -> float | None:
    """Middle of the widest gap that leaves at most n/2 features; None if there is no gap."""
    width, middle = widest_of(heights, n)
    return middle if width else None


def widest_of(heights: Float[np.ndarray, " k"], n: int) -> tuple[float, float]:
    """Width and middle of the widest gap that leaves at most n/2 features; a cut in the k-th makes n − 1 − k features.

    Of equal gaps the highest wins; the width is 0 without any.
    """
    if len(heights) < 2:
        return 0.0, 0.0
    gaps = np.where(n - 1 - np.arange(len(heights) - 1) <= n / 2, np.diff(heights), 0)
    widest = len(gaps) - 1 - int(gaps[::-1].argmax())
    return float(gaps[widest]), float(heights[widest : widest + 2].mean())


def cut_height(tree: Float[np.ndarray, "m 4"], n_features: int) -> float | None:
    """Middle of the range of cuts into `n_features`; None for one feature."""
    if n_features < 2:
        return None
    above = float(tree[len(tree) + 1 - n_features, 2])
    below = float(tree[len(tree) - n_features, 2]) if n_features <= len(tree) else 0.0
    return (below + above) / 2
