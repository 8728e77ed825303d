"""Projection of one neuron's examples onto a plane, from their cosines: principal components of their unit vectors.

The cosines are the inner products of the unit vectors; with rows and columns centred, their eigenvectors are the
components (classical scaling of the distances √(2 − 2 cos)). Deterministic: no seed, no iteration.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

AXES = 2


@dataclass(frozen=True)
class Projection:
    """Coordinates of each example, and the share of the variance along each axis."""

    places: Float[np.ndarray, "n 2"]
    shares: Float[np.ndarray, " 2"]


def projection(cosines: Float[np.ndarray, "n n"]) -> Projection:
    """Project examples onto two axes (zeros if degenerate), with the farthest example on the positive side of each."""
    values, vectors = np.linalg.eigh(centred(cosines.astype(np.float64)))
    n, total = len(cosines), np.maximum(values, 0).sum()
    places, shares = np.zeros((n, AXES)), np.zeros(AXES)
    for axis in range(min(AXES, n - 1) if total > n * np.finfo(np.float32).eps else 0):
        value = max(float(values[-1 - axis]), 0.0)
        places[:, axis] = upright(vectors[:, -1 - axis]) * np.sqrt(value)
        shares[axis] = value / total
    return Projection(places, shares)


def centred(products: Float[np.ndarray, "n n"]) -> Float[np.ndarray, "n n"]:
    """Centre inner products: those of the vectors minus their mean."""
    rows = products - products.mean(axis=0)
    return rows - rows.mean(axis=1, keepdims=True)


def upright(vector: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Fix the sign of an eigenvector; the tolerance keeps rounding from choosing among equally far examples."""
    size = np.abs(vector)
    return vector if vector[int(np.argmax(size >= size.max() - 1e-6))] >= 0 else -vector
