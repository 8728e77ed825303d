"""Colours of a tree's nodes that stay where they are when the cut moves.

A branch point has the colour of its larger child, so that a feature which is joined to others or split keeps the colour
of most of its examples. At one distance, the atlas's cut, the colours are the numbers of the features.
"""

import numpy as np
from jaxtyping import Float, Int

from ne_core.method.trees.cluster import child_pairs, cut
from ne_core.method.trees.nodes import feature_nodes


def node_colours(tree: Float[np.ndarray, "m 4"], distance: float) -> Int[np.ndarray, " nodes"]:
    """Number of the colour of each node, leaves first.

    The features at `distance` have their own numbers. A smaller child below them has one of its own, larger clusters
    first; no two nodes that are clusters at the same cut share one.
    """
    top = feature_nodes(tree, cut(tree, distance), distance)
    heavy, path = larger_children(tree), [-1] * (2 * len(tree) + 1)  # lists, which loops read faster than arrays
    for colour, node in enumerate(top.tolist()):
        follow(path, heavy, node, colour)
    colour = len(top)
    for node in lighter_children(tree, heavy, distance):
        follow(path, heavy, node, colour)
        colour += 1
    for k in np.flatnonzero(tree[:, 2] > distance).tolist():  # above the features, from the lowest up
        path[len(tree) + 1 + k] = path[heavy[k]]
    return np.array(path)


def follow(path: list[int], heavy: list[int], node: int, colour: int) -> None:
    """Give a colour to a node, and to the larger child of each node that has it."""
    n = len(heavy) + 1
    path[node] = colour
    while node >= n:
        node = heavy[node - n]
        path[node] = colour


def larger_children(tree: Float[np.ndarray, "m 4"]) -> list[int]:
    """The larger child of each branch point; of equal ones that with the first example."""
    n = len(tree) + 1
    size, first = [1] * n + tree[:, 3].astype(np.int64).tolist(), [*range(n), *[0] * len(tree)]
    heavy = []
    for k, (left, right) in enumerate(child_pairs(tree)):
        heavy.append(min(left, right, key=lambda child: (-size[child], first[child])))
        first[n + k] = min(first[left], first[right])
    return heavy


def lighter_children(tree: Float[np.ndarray, "m 4"], heavy: list[int], distance: float) -> list[int]:
    """The other child of each branch point at or below `distance`, largest first, of equal ones from the highest."""
    n, below = len(tree) + 1, np.flatnonzero(tree[:, 2] <= distance)
    children = tree[below, :2].astype(np.int64)
    light = children.sum(axis=1) - np.array(heavy, dtype=np.int64)[below]
    size = np.concatenate([np.ones(n), tree[:, 3]])[light]
    return light[np.lexsort((-below, -size))].tolist()


def feature_colours(
    tree: Float[np.ndarray, "m 4"], features: Int[np.ndarray, " m+1"], distance: float, default: float
) -> Int[np.ndarray, " n_features"]:
    """Number of the colour of each of `features = cut(tree, distance)`; at `default` it is the feature's own number."""
    if distance == default:
        return np.arange(int(features.max()) + 1)
    return node_colours(tree, default)[feature_nodes(tree, features, distance)]
