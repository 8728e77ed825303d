"""Layout of a drawn tree: positions of its leaves and branch points, and the feature of each."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True)
class Dendrogram:
    """Positions of a tree's nodes, numbered as in scipy's linkage: leaves, then branch points from the lowest up."""

    order: Int[np.ndarray, " leaves"]
    x: Float[np.ndarray, " nodes"]
    height: Float[np.ndarray, " nodes"]
    children: Int[np.ndarray, "merges 2"]


def dendrogram(tree: Float[np.ndarray, "merges 4"]) -> Dendrogram:
    """Lay out a tree: leaves at x = 0, 1, 2 …, a branch point halfway between its children, the larger child left."""
    n = len(tree) + 1
    sizes = np.concatenate([np.ones(n), tree[:, 3]])
    children = larger_left(tree[:, :2].astype(np.int64), sizes)
    order = leaves_from_left(children)
    x = np.zeros(2 * n - 1)
    x[order] = np.arange(n)
    for k, (left, right) in enumerate(children):
        x[n + k] = (x[left] + x[right]) / 2
    return Dendrogram(order, x, np.concatenate([np.zeros(n), tree[:, 2]]), children)


def larger_left(
    children: Int[np.ndarray, "merges 2"], sizes: Float[np.ndarray, " nodes"]
) -> Int[np.ndarray, "merges 2"]:
    """Order the children of each branch point, larger first, so that large features come first as their numbers do."""
    swap = sizes[children[:, 1]] > sizes[children[:, 0]]
    return np.where(swap[:, None], children[:, ::-1], children)


def leaves_from_left(children: Int[np.ndarray, "merges 2"]) -> Int[np.ndarray, " leaves"]:
    """Leaves from left to right; a loop, since a chain of merges would exceed the recursion limit."""
    n = len(children) + 1
    order, stack = [], [2 * n - 2]
    while stack:
        node = stack.pop()
        if node < n:
            order.append(node)
        else:
            stack += children[node - n, ::-1].tolist()
    return np.array(order)


def node_features(
    tree: Float[np.ndarray, "merges 4"], features: Int[np.ndarray, " leaves"], distance: float
) -> Int[np.ndarray, " nodes"]:
    """Feature of each node, −1 for branch points above the cut."""
    n = len(tree) + 1
    inside = np.concatenate([np.asarray(features, dtype=np.int64), np.full(n - 1, -1)])
    for k in np.flatnonzero(tree[:, 2] <= distance):
        inside[n + k] = inside[int(tree[k, 0])]
    return inside


def shared_groups(tree: Float[np.ndarray, "merges 4"], groups: Int[np.ndarray, " leaves"]) -> Int[np.ndarray, " nodes"]:
    """Group shared by all examples below each node, −1 if they are in several; groups may be any partition."""
    n = len(tree) + 1
    shared = [*groups.tolist(), *[-1] * (n - 1)]
    for k, (left, right) in enumerate(tree[:, :2].astype(np.int64).tolist()):
        if shared[left] == shared[right]:
            shared[n + k] = shared[left]
    return np.array(shared)


def induced(tree: Float[np.ndarray, "merges 4"], rows: Int[np.ndarray, " k"]) -> Float[np.ndarray, "joined 4"]:
    """Tree over some of the examples, numbered in the order of `rows`; they join at the heights of the whole tree."""
    n, k = len(tree) + 1, len(rows)
    node, sizes, merges = np.full(2 * n - 1, -1), [1] * k, []
    node[rows] = np.arange(k)
    for i, (left, right) in enumerate(tree[:, :2].astype(np.int64).tolist()):
        a, b = int(node[left]), int(node[right])
        if a < 0 or b < 0:
            node[n + i] = max(a, b)
            continue
        node[n + i] = k + len(merges)
        sizes.append(sizes[a] + sizes[b])
        merges.append([a, b, float(tree[i, 2]), sizes[-1]])
    return np.array(merges, dtype=np.float64).reshape(-1, 4)
