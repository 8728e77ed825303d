"""All pairs at once: features are spread over a grid, and Fourier transforms add up what each cell does to every other.

As in FIt-SNE (Linderman, Rachh, Hoskins, Steinerberger and Kluger 2019), with splines in place of its polynomials: work
grows with features and with cells, not with pairs.
"""

from functools import lru_cache

import numpy as np
from jaxtyping import Float32, Int
from scipy.fft import irfft2, next_fast_len, rfft2

CELL = 0.5  # side of a cell, in the units in which q has width 1
MOST_CELLS = 1200  # along a side; a wider map gets wider cells
WIDER = 1.25  # by this factor each time
ROUND = 32  # cells are added by so many, so that the transforms of kernels can be kept
EDGE = 1.5  # cells beyond the outermost feature, whose stencil ends there


def repulsion_grid(at: Float32[np.ndarray, "n 2"]) -> tuple[Float32[np.ndarray, "n 2"], float]:
    """Σ_j q_ij² (y_i − y_j), and the sum of q over all pairs, to some percent where cells are half as wide as q."""
    low, span = at.min(axis=0), float(np.ptp(at, axis=0).max())
    cell = CELL * WIDER ** max(0, int(np.ceil(np.log(span / CELL / MOST_CELLS + 1e-9) / np.log(WIDER))))
    side = ROUND * (int(span / cell + 2 * EDGE + 1) // ROUND + 1)
    places, shares = stencil((at - low) / np.float32(cell) + np.float32(EDGE), side)
    mass = np.bincount(places.ravel(), shares.ravel(), side * side).astype(np.float32)
    fields = folded(mass.reshape(side, side), cell)
    q, x, y = (np.einsum("sn,sn->n", field[places], shares) for field in fields)
    return np.column_stack([x, y]), float(q.sum(dtype=np.float64)) - len(at)


def stencil(at: Float32[np.ndarray, "n 2"], side: int) -> tuple[Int[np.ndarray, "9 n"], Float32[np.ndarray, "9 n"]]:
    """The nine cells around each place, by number in the flat grid, and its share in each: a quadratic spline."""
    nearest = np.rint(at)
    off, corner, steps = at - nearest, nearest.astype(np.int32) - 1, np.arange(3, dtype=np.int32)
    parts = np.stack([(0.5 - off) ** 2 / 2, 0.75 - off**2, (0.5 + off) ** 2 / 2])
    shares = parts[:, None, :, 0] * parts[None, :, :, 1]
    places = (corner[:, 0] + steps[:, None, None]) * side + corner[:, 1] + steps[None, :, None]
    return places.reshape(9, -1), shares.reshape(9, -1)


def folded(mass: Float32[np.ndarray, "side side"], cell: float) -> list[Float32[np.ndarray, " cells"]]:
    """What all mass does at every cell, for each kernel; zeros around it keep the far sides from meeting."""
    side = len(mass)
    padded = next_fast_len(2 * side, real=True)
    spread = rfft2(mass, (padded, padded), workers=-1)
    fields = (irfft2(spread * each, (padded, padded), workers=-1) for each in kernels(padded, cell))
    return [field[:side, :side].ravel() for field in fields]


@lru_cache(maxsize=1)
def kernels(padded: int, cell: float) -> list[np.ndarray]:
    """The transforms of q, and of q² times the step in each direction, sharpened by what two stencils blur."""
    numbers = np.fft.fftfreq(padded).astype(np.float32)
    step = numbers * np.float32(padded * cell)
    q = 1 / (1 + step[:, None] ** 2 + step**2)
    blur = np.sinc(numbers) ** 6
    sharper = 1 / (blur[:, None] * blur[: padded // 2 + 1])
    return [rfft2(each, workers=-1) * sharper for each in (q, q**2 * step[:, None], q**2 * step)]
