"""Repulsion between all pairs: features are spread over a grid, and Fourier transforms sum the forces between cells.

As in FIt-SNE (Linderman, Rachh, Hoskins, Steinerberger and Kluger 2019), with splines instead of its polynomials: the
work grows with features and cells, not with pairs.
"""

from functools import lru_cache

import numpy as np
from jaxtyping import Float32, Int
from scipy.fft import irfft2, next_fast_len, rfft2

CELL = 0.5  # side of a cell, in the units in which q has width 1
MOST_CELLS = 1200  # along a side; a wider map gets wider cells
WIDER = 1.25  # factor between two widths of a cell
ROUND = 32  # the number of cells is a multiple of this, so that the transforms of kernels are reused
EDGE = 1.5  # cells beyond the outermost feature, for its stencil


def repulsion_grid(points: Float32[np.ndarray, "n 2"]) -> tuple[Float32[np.ndarray, "n 2"], float]:
    """Return Σ_j q_ij² (y_i − y_j), and the sum of q over all pairs, to some percent if cells are half as wide as q."""
    low, span = points.min(axis=0), float(np.ptp(points, axis=0).max())
    cell = CELL * WIDER ** max(0, int(np.ceil(np.log(span / CELL / MOST_CELLS + 1e-9) / np.log(WIDER))))
    side = ROUND * (int(span / cell + 2 * EDGE + 1) // ROUND + 1)
    cells, shares = stencil((points - low) / np.float32(cell) + np.float32(EDGE), side)
    mass = np.bincount(cells.ravel(), shares.ravel(), side * side).astype(np.float32)
    fields = convolved(mass.reshape(side, side), cell)
    q, x, y = (np.einsum("sn,sn->n", field[cells], shares) for field in fields)
    return np.column_stack([x, y]), float(q.sum(dtype=np.float64)) - len(points)


def stencil(points: Float32[np.ndarray, "n 2"], side: int) -> tuple[Int[np.ndarray, "9 n"], Float32[np.ndarray, "9 n"]]:
    """Return the nine cells around each point, by index in the flat grid, and its share in each: a quadratic spline."""
    nearest = np.rint(points)
    off, corner, steps = points - nearest, nearest.astype(np.int32) - 1, np.arange(3, dtype=np.int32)
    weights = np.stack([(0.5 - off) ** 2 / 2, 0.75 - off**2, (0.5 + off) ** 2 / 2])
    shares = weights[:, None, :, 0] * weights[None, :, :, 1]
    cells = (corner[:, 0] + steps[:, None, None]) * side + corner[:, 1] + steps[None, :, None]
    return cells.reshape(9, -1), shares.reshape(9, -1)


def convolved(mass: Float32[np.ndarray, "side side"], cell: float) -> list[Float32[np.ndarray, " cells"]]:
    """Return the convolution of the mass with each kernel, by cell; zero padding keeps it from wrapping around."""
    side = len(mass)
    padded = next_fast_len(2 * side, real=True)
    spread = rfft2(mass, (padded, padded), workers=-1)
    fields = (irfft2(spread * each, (padded, padded), workers=-1) for each in kernels(padded, cell))
    return [field[:side, :side].ravel() for field in fields]


@lru_cache(maxsize=1)
def kernels(padded: int, cell: float) -> list[np.ndarray]:
    """Return the transforms of q, and of q² times the step in each direction, corrected for the stencils' blur."""
    frequencies = np.fft.fftfreq(padded).astype(np.float32)
    step = frequencies * np.float32(padded * cell)
    q = 1 / (1 + step[:, None] ** 2 + step**2)
    blur = np.sinc(frequencies) ** 6
    sharper = 1 / (blur[:, None] * blur[: padded // 2 + 1])
    return [rfft2(each, workers=-1) * sharper for each in (q, q**2 * step[:, None], q**2 * step)]
