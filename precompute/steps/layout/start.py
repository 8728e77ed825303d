"""Where features stand before forces move them: the broad shape of the graph, in two dimensions."""

import numpy as np
from jaxtyping import Float, Float32
from scipy.sparse import csr_array, diags_array

COLUMNS = 16  # random vectors
STEPS = 50  # of smoothing


def start(graph: csr_array, rng: np.random.Generator) -> Float32[np.ndarray, "n 2"]:
    """The two main directions of random vectors smoothed over the graph, ranked evenly from −1 to 1.

    Smoothing keeps what varies slowly over the graph, as a spectral embedding does, but is not spent on the smallest
    far group, as that is; ranks fill the square whatever the shape.
    """
    n = graph.shape[0]
    walk = diags_array(1 / np.maximum(graph.sum(axis=1), 1e-6)) @ graph
    vectors = rng.standard_normal((n, COLUMNS)).astype(np.float32)
    for _ in range(STEPS):
        vectors = (vectors + walk @ vectors) / 2
    ranks = principal(vectors).argsort(axis=0, kind="stable").argsort(axis=0)
    return (2 * ranks / max(n - 1, 1) - 1).astype(np.float32)


def principal(vectors: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n 2"]:
    """The vectors along their two directions of most variance."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    _, directions = np.linalg.eigh(np.einsum("na,nb->ab", centred, centred))  # einsum adds in one order on any threads
    best = directions[:, [-1, -2]]
    best = best * np.sign(best[np.abs(best).argmax(axis=0), [0, 1]])
    return np.einsum("na,ab->nb", centred, best)
