"""Forces between the features: similar ones attract each other, and all repel each other.

The energy is t-SNE's (van der Maaten and Hinton 2008), with q = 1 / (1 + distance²) and Z the sum of q over all pairs.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int
from scipy.sparse import csr_array, triu

from precompute.steps.layout.grid import repulsion_grid

FEW = 1000  # largest number of features for exact forces between all pairs
LEAST = 0.01  # minimum of Z per feature: without it, unconnected features would move apart for ever


@dataclass(frozen=True)
class Springs:
    """Pairs of the graph, each once: row `rows[e]` and column `half.indices[e]` of its upper half."""

    half: csr_array
    rows: Int[np.ndarray, " n_pairs"]

    @staticmethod
    def of(graph: csr_array) -> "Springs":
        half = triu(graph, 1, format="csr")
        half.sort_indices()
        return Springs(half, np.repeat(np.arange(half.shape[0], dtype=np.int32), np.diff(half.indptr)))

    def pull(self, points: Float32[np.ndarray, "n 2"]) -> Float32[np.ndarray, "n 2"]:
        """Return the attraction of each feature, Σ_j p_ij q_ij (y_j − y_i)."""
        x, y = np.ascontiguousarray(points.T)
        dx, dy = (z[self.half.indices] - z[self.rows] for z in (x, y))
        pulls = self.half.copy()
        pulls.data /= 1 + dx * dx + dy * dy
        with_ones = np.column_stack([points, np.ones(len(points), dtype=np.float32)])
        sums = pulls @ with_ones + pulls.T @ with_ones
        return sums[:, :2] - points * sums[:, 2:]


def repulsion(points: Float32[np.ndarray, "n 2"]) -> tuple[Float32[np.ndarray, "n 2"], float]:
    """Return the repulsion of each feature, Σ_j q_ij² (y_i − y_j), and Z: exact for few features, else by a grid."""
    force, total = repulsion_exact(points) if len(points) <= FEW else repulsion_grid(points)
    return force, max(total, LEAST * len(points))


def repulsion_exact(points: Float32[np.ndarray, "n 2"]) -> tuple[Float32[np.ndarray, "n 2"], float]:
    steps = points[:, None] - points
    q = 1 / (1 + (steps**2).sum(axis=2))
    return np.einsum("ij,ijc->ic", q**2, steps), float(q.sum(dtype=np.float64)) - len(points)
