"""Measures of polysemanticity: distances between a neuron's examples, within and between its features.

All measures follow from the average-linkage tree. The height h of a branch point that joins a and b examples is the
mean of their a·b pair distances, so the sum of h·a·b over branch points is the sum over pairs: below a cut the pairs
within features, above it the pairs between features. Exact, at any cut, without the embeddings.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.method.trees.cluster import cut, first_members


@dataclass(frozen=True)
class Measures:
    """Measures of one neuron at one cut. Mean cosine distances: 0 is the same direction, 1 unrelated, NaN no pairs."""

    n_examples: int
    n_features: int
    mean_distance: float
    intra_distance: float
    inter_distance: float
    largest_share: float


def measures(tree: Float[np.ndarray, "m 4"], distance: float) -> Measures:
    """Measure one neuron with at least one example, cut at `distance`."""
    n_examples, below = len(tree) + 1, tree[:, 2] <= distance
    pairs, heights = pairs_joined(tree), tree[:, 2].astype(np.float64)
    return Measures(
        n_examples=n_examples,
        n_features=n_examples - int(below.sum()),  # each branch point below the cut joins two clusters
        mean_distance=weighted_mean(heights, pairs),
        intra_distance=weighted_mean(heights[below], pairs[below]),
        inter_distance=weighted_mean(heights[~below], pairs[~below]),
        largest_share=float(tree[below, 3].max(initial=1)) / n_examples,
    )


def feature_distances(tree: Float[np.ndarray, "m 4"], distance: float) -> Float[np.ndarray, " n_features"]:
    """Mean distance between the examples of each feature of `cut(tree, distance)`; NaN for a feature of one."""
    return distances_of(tree, cut(tree, distance), distance)


def distances_of(
    tree: Float[np.ndarray, "m 4"], features: Int[np.ndarray, " m+1"], distance: float
) -> Float[np.ndarray, " n_features"]:
    """Mean distance between the examples of each of `features = cut(tree, distance)`; NaN for a feature of one."""
    below = tree[:, 2] <= distance
    owner = features[first_members(tree)[len(tree) + 1 :][below]]
    pairs, n_features = pairs_joined(tree)[below], features.max() + 1
    totals = np.bincount(owner, weights=pairs * tree[below, 2].astype(np.float64), minlength=n_features)
    counts = np.bincount(owner, weights=pairs, minlength=n_features)
    return np.where(counts > 0, totals / np.maximum(counts, 1), np.nan)


def pairs_joined(tree: Float[np.ndarray, "m 4"]) -> Int[np.ndarray, " m"]:
    """Number of pairs of examples that each branch point joins."""
    n = len(tree) + 1
    sizes = np.concatenate([np.ones(n, dtype=np.int64), tree[:, 3].astype(np.int64)])
    children = tree[:, :2].astype(np.int64)
    return sizes[children[:, 0]] * sizes[children[:, 1]]


def weighted_mean(values: Float[np.ndarray, " n"], weights: Int[np.ndarray, " n"]) -> float:
    """The mean of values by their weights; NaN of none."""
    return float(values @ weights / weights.sum()) if len(values) else float("nan")


def effective_inputs(embeddings: Float[np.ndarray, "n d_in"]) -> float:
    """Effective number of inputs of a neuron: 1 / Σ p², p_i the share of input i in the squares of its embeddings.

    1 for a neuron that reads a single input, d_in for one that reads all inputs equally, NaN if all are zero.
    Embeddings of a single input all have the same direction: a small distance means little if this number is small.
    """
    squares = np.square(embeddings.astype(np.float64)).sum(axis=0)
    total = squares.sum()
    return float(total**2 / np.square(squares).sum()) if total > 0 else float("nan")
