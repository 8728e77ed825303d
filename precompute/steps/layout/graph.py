"""The graph that the map is drawn from: similar features joined by edges, weighted on each feature's own scale."""

import numpy as np
from jaxtyping import Bool, Float32, Inexact, Int
from scipy.sparse import csr_array

FAR = 4.0  # no cosine distance is larger than 2


def weights(ids: Int[np.ndarray, "n k"], cosines: Inexact[np.ndarray, "n k"]) -> csr_array:
    """How strongly each pair attracts each other: [n n] float32, symmetric, rows summing to 1 on average.

    A row's weights are those of `own_weights`; both directions of a pair are averaged, as in t-SNE.
    """
    n, there = len(ids), ids >= 0
    rows = np.repeat(np.arange(n, dtype=np.int32), there.sum(axis=1))
    one_way = csr_array((own_weights(cosines, there)[there], (rows, ids[there])), shape=(n, n))
    both = ((one_way + one_way.T) * np.float32(0.5)).tocsr()
    both.sort_indices()
    return both


def own_weights(cosines: Inexact[np.ndarray, "n k"], there: Bool[np.ndarray, "n k"]) -> Float32[np.ndarray, "n k"]:
    """e^−((d − d₀) / m): the distance d = 1 − cosine, the row's smallest d₀, its mean m of d − d₀; rows sum to 1.

    The form is that of UMAP's fuzzy sets (arXiv 1802.03426, section 3.1), with a mean where UMAP solves for the scale.
    """
    distances = np.where(there, 1 - cosines.astype(np.float32), FAR)
    beyond = np.where(there, distances - distances.min(axis=1, initial=FAR, keepdims=True), 0)
    mean = beyond.sum(axis=1, keepdims=True) / np.maximum(there.sum(axis=1, keepdims=True), 1)
    given = np.where(there, np.exp(-beyond / np.maximum(mean, 1e-6)), 0)
    return (given / np.maximum(given.sum(axis=1, keepdims=True), 1e-6)).astype(np.float32)
