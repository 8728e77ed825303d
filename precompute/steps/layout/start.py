"""Initial positions of the features: the broad shape of the graph, in two dimensions."""

import numpy as np
from jaxtyping import Float, Float32
from scipy.sparse import csr_array, diags_array

COLUMNS = 16  # random vectors
STEPS = 50  # of smoothing


def start(graph: csr_array, rng: np.random.Generator) -> Float32[np.ndarray, "n 2"]:
    """Return the two main directions of random vectors smoothed over the graph, as ranks from −1 to 1.

    Like a spectral embedding, smoothing keeps what varies slowly over the graph, but a small distant group does not
    take up a whole dimension; ranks fill the square whatever the shape.
    """
    n = graph.shape[0]
    walk = diags_array(1 / np.maximum(graph.sum(axis=1), 1e-6)) @ graph
    vectors = rng.standard_normal((n, COLUMNS)).astype(np.float32)
    for _ in range(STEPS):
        vectors = (vectors + walk @ vectors) / 2
    ranks = principal(vectors).argsort(axis=0, kind="stable").argsort(axis=0)
    return (2 * ranks / max(n - 1, 1) - 1).astype(np.float32)


def principal(vectors: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n 2"]:
    """Project the vectors on their two directions of most variance."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    # einsum adds in the same order for any number of threads
    _, directions = np.linalg.eigh(np.einsum("na,nb->ab", centred, centred))
    best = directions[:, [-1, -2]]
    best = best * np.sign(best[np.abs(best).argmax(axis=0), [0, 1]])
    return np.einsum("na,ab->nb", centred, best)
