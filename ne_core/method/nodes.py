"""Every node of a tree as a cluster: its examples, how close they lie, and how long it survives while the cut moves.

Nodes are numbered as in scipy's linkage: examples first, then branch points from the lowest up.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from ne_core.method.cluster import child_pairs, first_leaves, first_members
from ne_core.method.measures import pairs_joined


def tops(
    tree: Float[np.ndarray, "m 4"], features: Int[np.ndarray, " m+1"], distance: float
) -> Int[np.ndarray, " n_features"]:
    """The node that holds the whole of each feature of `features = cut(tree, distance)`."""
    n = len(tree) + 1
    below = np.flatnonzero(tree[:, 2] <= distance)
    top = np.empty(features.max() + 1, dtype=np.int64)
    top[features] = np.arange(n)  # right for features of one example
    np.maximum.at(top, features[first_members(tree)[n + below]], n + below)
    return top


def node_rows(tree: Float[np.ndarray, "m 4"], node: int) -> Int[np.ndarray, " n_rows"]:
    """The examples below a node, in their order; of an example, itself."""
    return rows_below(tree, [node])[0]


def rows_below(tree: Float[np.ndarray, "m 4"], nodes: Sequence[int]) -> list[Int[np.ndarray, " n_rows"]]:
    """The same for several nodes: the tree is walked once for all of them."""
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


def own_heights(tree: Float[np.ndarray, "m 4"]) -> Float[np.ndarray, " nodes"]:
    """The lowest cut at which each node is one cluster: 0 for an example."""
    return np.concatenate([np.zeros(len(tree) + 1), tree[:, 2].astype(np.float64)])


def parent_heights(tree: Float[np.ndarray, "m 4"]) -> Float[np.ndarray, " nodes"]:
    """The cut from which each node is part of something larger: infinite for the root."""
    heights = np.full(2 * len(tree) + 1, np.inf)
    heights[tree[:, :2].astype(np.int64)] = tree[:, 2:3]
    return heights


def join_heights(tree: Float[np.ndarray, "m 4"], row: int) -> Float[np.ndarray, " m+1"]:
    """The height at which each example joins example `row`: its cophenetic distance to it, 0 for itself."""
    n, begin = len(tree) + 1, first_leaves(tree)
    parent = np.full(2 * n - 1, -1)
    parent[tree[:, :2].astype(np.int64)] = np.arange(n, 2 * n - 1)[:, None]
    by_place = np.zeros(n)  # laid out so that those below any node stand side by side
    node, low, high = int(parent[row]), begin[row], begin[row] + 1
    while node >= 0:
        start, stop = begin[node], begin[node] + int(tree[node - n, 3])
        by_place[start:low] = by_place[high:stop] = tree[node - n, 2]
        node, low, high = int(parent[node]), start, stop
    return by_place[begin[:n]]


def lifetimes(tree: Float[np.ndarray, "m 4"]) -> Float[np.ndarray, " nodes"]:
    """How far the cut moves while a node is a cluster of its own: its parent's height less its own."""
    return parent_heights(tree) - own_heights(tree)


def widest_gap(tree: Float[np.ndarray, "m 4"]) -> float | None:
    """The middle of the widest gap between successive branch heights: the partition that lasts longest.

    Only cuts that give from 2 to n/2 features count: one feature or nearly as many as examples say nothing about
    meanings. None where no cut does, as with fewer than four examples; of equal gaps the highest.
    """
    heights = tree[:, 2].astype(np.float64)
    return middle_of_widest(heights, len(tree) + 1)


def suggested_cut(tree: Float[np.ndarray, "m 4"], background: float) -> float | None:
    """The same below `background`, the mean distance of the examples to other inputs of the layer.

    What joins above it has no more in common than any two inputs have. So heights end there, and one feature, which
    lasts from the root up to it, is a suggestion like others: a cut between the two. Of the rules that were tried
    (docs/meanings.md) it gives planted counts back best. None for fewer than two examples, and where no examples are
    nearer to each other than to any input. Where `background` is NaN it is not known: the widest gap.
    """
    if np.isnan(background):
        return widest_gap(tree)
    heights = np.minimum(np.append(tree[:, 2].astype(np.float64), background), background)
    return middle_of_widest(heights, len(tree) + 1)


def middle_of_widest(heights: Float[np.ndarray, " k"], n: int) -> float | None:
    """Of the gaps between heights that leave at most n/2 features; the k-th is of n − 1 − k features."""
    if len(heights) < 2:
        return None
    gaps = np.where(n - 1 - np.arange(len(heights) - 1) <= n / 2, np.diff(heights), 0)
    if not gaps.any():
        return None
    widest = len(gaps) - 1 - int(gaps[::-1].argmax())
    return float(heights[widest : widest + 2].mean())


def cut_height(tree: Float[np.ndarray, "m 4"], n_features: int) -> float | None:
    """Halfway between the two branch points that a cut into so many features lies between; None where one would do."""
    if n_features < 2:
        return None
    above = float(tree[len(tree) + 1 - n_features, 2])
    below = float(tree[len(tree) - n_features, 2]) if n_features <= len(tree) else 0.0
    return (below + above) / 2
