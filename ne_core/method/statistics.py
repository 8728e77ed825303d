"""Statistics of a layer over a fixed sample of positions: moments of its inputs and histograms of activations."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from ne_core.errors import AtlasError


@dataclass(frozen=True)
class InputStatistics:
    """Mean and covariance of x over the sample."""

    mean: Float[np.ndarray, " d_in"]
    covariance: Float[np.ndarray, "d_in d_in"]


def triangle(matrix: Float[np.ndarray, "d d"]) -> Float[np.ndarray, " n_pairs"]:
    """Lower triangle of a symmetric matrix, row by row."""
    return matrix[np.tril_indices(len(matrix))]


def symmetric(triangle: Float[np.ndarray, " n_pairs"], d: int) -> Float[np.ndarray, "{d} {d}"]:
    """Symmetric matrix with this lower triangle."""
    matrix = np.empty((d, d), dtype=triangle.dtype)
    row, column = np.tril_indices(d)
    matrix[row, column] = matrix[column, row] = triangle
    return matrix


@dataclass(frozen=True)
class Histogram:
    """Number of sampled positions with an activation in each of n equal bins from the lowest to the highest."""

    counts: Int[np.ndarray, " n_bins"]
    low: float
    high: float

    @property
    def edges(self) -> Float[np.ndarray, " n_edges"]:
        """Edges of the bins: bin i is from edge i to edge i + 1; the last bin includes the highest activation."""
        return np.linspace(self.low, self.high, len(self.counts) + 1)


def check_statistics(folder: Path, columns: dict[str, np.ndarray], sample_positions: int) -> None:
    """Raise AtlasError unless moments are finite, ranges ordered, and each histogram counts the whole sample."""
    for name in ("input_mean", "input_covariance", "histogram_range"):
        if not np.isfinite(columns[name]).all():
            raise AtlasError(f"{folder / name}.npy holds numbers that are not finite: build the atlas again")
    counts, ends = columns["histogram"], columns["histogram_range"]
    in_order = (ends[:, 0] <= ends[:, 1]).all() and (counts >= 0).all()
    if not in_order or (counts.sum(axis=1, dtype=np.int64) != sample_positions).any():
        raise AtlasError(f"{folder / 'histogram.npy'} does not count the {sample_positions} positions of the sample")
