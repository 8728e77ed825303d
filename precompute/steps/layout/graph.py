"""Graph of similar features for the map; the weights of a feature's edges are relative to its own distances."""

import numpy as np
from jaxtyping import Bool, Float32, Inexact, Int
from scipy.sparse import csr_array

FAR = 4.0  # no cosine distance is larger than 2


def weights(ids: Int[np.ndarray, "n k"], cosines: Inexact[np.ndarray, "n k"]) -> csr_array:
    """Return the attraction of each pair: [n n] float32, symmetric, with rows that sum to 1 on average.

    The weights of a row are those of `row_weights`; both directions of a pair are averaged, as in t-SNE.
    """
    n, exists = len(ids), ids >= 0
    rows = np.repeat(np.arange(n, dtype=np.int32), exists.sum(axis=1))
    one_way = csr_array((row_weights(cosines, exists)[exists], (rows, ids[exists])), shape=(n, n))
    both = ((one_way + one_way.T) * np.float32(0.5)).tocsr()
    both.sort_indices()
    return both


def row_weights(cosines: Inexact[np.ndarray, "n k"], exists: Bool[np.ndarray, "n k"]) -> Float32[np.ndarray, "n k"]:
    """Return e^−((d − d₀) / m) with d = 1 − cosine, d₀ the smallest d of the row, m its mean of d − d₀; rows sum to 1.

    The form is that of UMAP's fuzzy sets (arXiv 1802.03426, section 3.1), with a mean where UMAP solves for the scale.
    """
    distances = np.where(exists, 1 - cosines.astype(np.float32), FAR)
    beyond = np.where(exists, distances - distances.min(axis=1, initial=FAR, keepdims=True), 0)
    mean = beyond.sum(axis=1, keepdims=True) / np.maximum(exists.sum(axis=1, keepdims=True), 1)
    weight = np.where(exists, np.exp(-beyond / np.maximum(mean, 1e-6)), 0)
    return (weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-6)).astype(np.float32)
