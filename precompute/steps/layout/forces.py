"""What moves the features: similar ones attract each other, and every one repels every other.

The energy is t-SNE's (van der Maaten and Hinton 2008), with q = 1 / (1 + distance²) and Z the sum of q over all pairs.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int
from scipy.sparse import csr_array, triu

from precompute.steps.layout.grid import repulsion_grid

FEW = 1000  # features up to which all pairs are taken one by one
LEAST = 0.01  # of Z for each feature: what nothing holds would fly apart for ever


@dataclass(frozen=True)
class Springs:
    """Each pair of the graph once: row `rows[e]` and column `half.indices[e]` of its upper half."""

    half: csr_array
    rows: Int[np.ndarray, " n_pairs"]

    @staticmethod
    def of(graph: csr_array) -> "Springs":
        half = triu(graph, 1, format="csr")
        half.sort_indices()
        return Springs(half, np.repeat(np.arange(half.shape[0], dtype=np.int32), np.diff(half.indptr)))

    def pull(self, at: Float32[np.ndarray, "n 2"]) -> Float32[np.ndarray, "n 2"]:
        """Σ_j p_ij q_ij (y_j − y_i)."""
        x, y = np.ascontiguousarray(at.T)
        dx, dy = (z[self.half.indices] - z[self.rows] for z in (x, y))
        pulls = self.half.copy()
        pulls.data /= 1 + dx * dx + dy * dy
        beside = np.column_stack([at, np.ones(len(at), dtype=np.float32)])
        sums = pulls @ beside + pulls.T @ beside
        return sums[:, :2] - at * sums[:, 2:]


def repulsion(at: Float32[np.ndarray, "n 2"]) -> tuple[Float32[np.ndarray, "n 2"], float]:
    """Σ_j q_ij² (y_i − y_j), and Z: exact for few features, from a grid for many."""
    apart, total = repulsion_exact(at) if len(at) <= FEW else repulsion_grid(at)
    return apart, max(total, LEAST * len(at))


def repulsion_exact(at: Float32[np.ndarray, "n 2"]) -> tuple[Float32[np.ndarray, "n 2"], float]:
    steps = at[:, None] - at
    q = 1 / (1 + (steps**2).sum(axis=2))
    return np.einsum("ij,ijc->ic", q**2, steps), float(q.sum(dtype=np.float64)) - len(at)
