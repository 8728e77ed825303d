"""Features from neuron embeddings: cosine distances, a tree, a cut through it, and each feature's central example.

Average linkage over 1 − cosine (Foote 2024, section 3): the height of a branch point is the average distance between
the examples of the two clusters that it joins. Only the tree is stored, so a reader can cut it anywhere.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

SHORTEST = 1e-3  # a shorter sum of unit vectors is rounding error


def unit(vectors: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
    """Scale rows to length 1; a row of zeros stays zero, at distance 1 from everything."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(norms > 0, norms, 1)


def similarities(embeddings: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n n"]:
    """Cosines between all pairs of rows, clipped to [−1, 1] so that rounding gives no negative distance.

    Products are divided by lengths afterwards: n² divisions instead of n·d. A row of zeros has cosine 0 to every other.
    """
    products = embeddings @ embeddings.T
    norms = np.sqrt(np.diag(products))
    norms = np.where(norms > 0, norms, 1)
    return np.clip(products / np.outer(norms, norms), -1, 1)


def tree(cosines: Float[np.ndarray, "n n"]) -> Float[np.ndarray, "m 4"]:
    """Average-linkage tree of 1 − cosine, as scipy's linkage matrix [n−1 4]; empty for fewer than two examples.

    Float32, as stored: a cut must give the same features before and after the tree is written.
    """
    n = len(cosines)
    if n < 2:
        return np.zeros((0, 4), dtype=np.float32)
    from scipy.cluster.hierarchy import linkage  # imported here: the app uses linkage.py and must not load scipy

    above = np.triu_indices(n, 1)
    return linkage(1 - cosines[above].astype(np.float64), method="average").astype(np.float32)


def cut(tree: Float[np.ndarray, "m 4"], distance: float) -> Int[np.ndarray, " m+1"]:
    """Feature of each example, numbered from 0: largest first, ties by the first example.

    Two examples share a feature if the height of the branch point that joins them is at most `distance`.
    """
    n = len(tree) + 1
    cluster, children = list(range(2 * n - 1)), child_pairs(tree)
    for k in np.flatnonzero(tree[:, 2] <= distance)[
        ::-1
    ].tolist():  # from the root down, children take their parent's number
        left, right = children[k]
        cluster[left] = cluster[right] = cluster[n + k]
    return largest_first(np.array(cluster[:n]))


def cut_into(tree: Float[np.ndarray, "m 4"], n_features: int) -> Int[np.ndarray, " m+1"]:
    """Cut into exactly `n_features`, from 1 to the number of examples; of equal branch points the last is cut first."""
    ranked = np.array(tree)
    ranked[:, 2] = np.arange(len(tree))
    return cut(ranked, float(len(tree) - n_features))


def child_pairs(tree: Float[np.ndarray, "m 4"]) -> list[list[int]]:
    """Children of each branch point as Python integers, which a loop reads many times faster than numpy's."""
    return tree[:, :2].astype(np.int64).tolist()


def largest_first(labels: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """Renumber a partition by decreasing size, ties by first member."""
    _, first, inverse, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    number = np.empty(len(sizes), dtype=np.int64)
    number[np.lexsort((first, -sizes))] = np.arange(len(sizes))
    return number[inverse]


def first_leaves(tree: Float[np.ndarray, "m 4"]) -> Int[np.ndarray, " nodes"]:
    """First leaf position of each node, in an order of the leaves that keeps those below any node together."""
    n = len(tree) + 1
    sizes = [1] * n + tree[:, 3].astype(np.int64).tolist()
    begin = [0] * (2 * n - 1)
    for k, (left, right) in zip(range(n - 2, -1, -1), reversed(child_pairs(tree)), strict=True):
        begin[left] = begin[n + k]
        begin[right] = begin[n + k] + sizes[left]
    return np.array(begin)


def members(tree: Float[np.ndarray, "m 4"]) -> Bool[np.ndarray, "m m+1"]:
    """Mask of the examples below each branch point."""
    n = len(tree) + 1
    begin = first_leaves(tree)
    position, start = begin[:n], begin[n:, None]
    return (position >= start) & (position < start + tree[:, 3:])


def first_members(tree: Float[np.ndarray, "m 4"]) -> Int[np.ndarray, " nodes"]:
    """One example below each node of the tree, leaves first."""
    begin = first_leaves(tree)
    example_at = np.argsort(begin[: len(tree) + 1])
    return example_at[begin]


def merge_central(tree: Float[np.ndarray, "m 4"], cosines: Float[np.ndarray, "m+1 m+1"]) -> Int[np.ndarray, " m"]:
    """Central example of each branch point: highest mean similarity to the rest of its cluster, ties by number.

    One matrix product in float64, where sums of float32 cosines are almost always exact, so ties stay ties.
    """
    below = members(tree)
    rest = cosines.astype(np.float64)
    np.fill_diagonal(rest, 0)
    to_rest = below.astype(np.float64) @ rest
    return np.where(below, to_rest, -np.inf).argmax(axis=1)


def central_examples(
    tree: Float[np.ndarray, "m 4"], merge_central: Int[np.ndarray, " m"], distance: float
) -> Int[np.ndarray, " n_features"]:
    """Central example of each feature of `cut(tree, distance)`, from those of the branch points."""
    return central_of(tree, merge_central, cut(tree, distance), distance)


def central_of(
    tree: Float[np.ndarray, "m 4"],
    merge_central: Int[np.ndarray, " m"],
    features: Int[np.ndarray, " m+1"],
    distance: float,
) -> Int[np.ndarray, " n_features"]:
    """Central example of each of `features = cut(tree, distance)`."""
    n = len(tree) + 1
    below = np.flatnonzero(tree[:, 2] <= distance)
    highest = np.full(features.max() + 1, -1)  # the branch point above the whole feature
    np.maximum.at(highest, features[first_members(tree)[n + below]], below)
    centres = np.empty(len(highest), dtype=np.int64)
    centres[features] = np.arange(n)  # final for features of one example
    centres[highest >= 0] = merge_central[highest[highest >= 0]]
    return centres


@dataclass(frozen=True)
class Clustering:
    """Tree of one neuron's examples, the features at one cut, and the central example of each.

    `rank` orders the examples of a feature from the central one (0) outwards. `center_distance` is the cosine distance
    to the mean direction of the feature. `max_distance` is the largest distance of two examples, NaN for one example.
    """

    tree: Float[np.ndarray, "m 4"]
    merge_central: Int[np.ndarray, " m"]
    feature: Int[np.ndarray, " m+1"]
    central: Int[np.ndarray, " n_features"]
    rank: Int[np.ndarray, " m+1"]
    center_distance: Float[np.ndarray, " m+1"]
    max_distance: float


def cluster(
    embeddings: Float[np.ndarray, "n d"], distance: float, make_tree: Callable[[np.ndarray], np.ndarray] = tree
) -> Clustering:
    """Cluster one neuron's examples, cut at `distance`. Raises ValueError if there are no examples.

    `make_tree` is `tree`, or `light_tree` of linkage.py, which gives the same without scipy.
    """
    if not len(embeddings):
        raise ValueError("a neuron without activating examples has no features")
    cosines = similarities(embeddings)
    linkage = make_tree(cosines)
    centres = merge_central(linkage, cosines)
    features = cut(linkage, distance)
    central = central_of(linkage, centres, features, distance)
    return Clustering(
        linkage,
        centres,
        features,
        central,
        ranks(cosines, features, central),
        center_distances(cosines, features),
        float(1 - cosines.min()) if len(embeddings) > 1 else float("nan"),
    )


def ranks(
    cosines: Float[np.ndarray, "n n"], features: Int[np.ndarray, " n"], central: Int[np.ndarray, " n_features"]
) -> Int[np.ndarray, " n"]:
    """Rank of each example within its feature: 0 is the central one, then by decreasing mean similarity to the rest.

    The central example is put first explicitly: its sum was computed in another order, and rounding could break a tie.
    """
    n = len(features)
    rest = (features[:, None] == features[None, :]) & ~np.eye(n, dtype=bool)
    to_rest = np.where(rest, cosines, 0).sum(axis=1)
    order = np.lexsort((np.arange(n), -to_rest, central[features] != np.arange(n), features))
    sizes = np.bincount(features)
    rank = np.empty(n, dtype=np.int64)
    rank[order] = np.arange(n) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return rank


def center_distances(cosines: Float[np.ndarray, "n n"], features: Int[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Cosine distance of each example to the mean direction of its feature: the sum s of its unit vectors u.

    u_i · s is a row sum of the cosines within the feature, and s · s the sum of these sums. If the vectors cancel out
    there is no direction, and the distance is 1.
    """
    same = features[:, None] == features[None, :]
    to_sum = np.where(same, cosines, 0).sum(axis=1, dtype=np.float64)
    length = np.sqrt(np.maximum(np.bincount(features, to_sum), 0))[features]
    along = np.divide(to_sum, length, out=np.zeros(len(features)), where=length > SHORTEST)
    return 1 - np.clip(along, -1, 1)
