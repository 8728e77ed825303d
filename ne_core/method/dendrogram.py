"""Where a tree's leaves and branch points stand when it is drawn, and which feature each belongs to."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True)
class Dendrogram:
    """Nodes are numbered as in scipy's linkage: leaves first, then branch points from the lowest up."""

    order: Int[np.ndarray, " leaves"]
    x: Float[np.ndarray, " nodes"]
    height: Float[np.ndarray, " nodes"]
    children: Int[np.ndarray, "merges 2"]


def dendrogram(tree: Float[np.ndarray, "merges 4"]) -> Dendrogram:
    """Leaves at 0, 1, 2 … from the left, a branch point halfway between its children, the larger child on the left."""
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
    """Large features then start at the left, as their numbers do."""
    swap = sizes[children[:, 1]] > sizes[children[:, 0]]
    return np.where(swap[:, None], children[:, ::-1], children)


def leaves_from_left(children: Int[np.ndarray, "merges 2"]) -> Int[np.ndarray, " leaves"]:
    """A loop and not a recursion: a chain of merges is as deep as it has leaves."""
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
    """The feature that each node lies inside, −1 for branch points above the cut."""
    n = len(tree) + 1
    inside = np.concatenate([np.asarray(features, dtype=np.int64), np.full(n - 1, -1)])
    for k in np.flatnonzero(tree[:, 2] <= distance):
        inside[n + k] = inside[int(tree[k, 0])]
    return inside


def shared_groups(tree: Float[np.ndarray, "merges 4"], groups: Int[np.ndarray, " leaves"]) -> Int[np.ndarray, " nodes"]:
    """The group that all examples below each node are in, −1 where they are not in one: groups of any other making."""
    n = len(tree) + 1
    shared = [*groups.tolist(), *[-1] * (n - 1)]
    for k, (left, right) in enumerate(tree[:, :2].astype(np.int64).tolist()):
        if shared[left] == shared[right]:
            shared[n + k] = shared[left]
    return np.array(shared)
