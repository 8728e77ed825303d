"""Compare standard with neuron-embedding autoencoders: means over seeds, differences at matched L0, Pareto front."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from precompute.autoencoders.loss.measures import MEANING

Table = Mapping[str, np.ndarray]  # the columns of the runs


@dataclass(frozen=True)
class Estimate:
    """Mean over seeds and half the width of its 95% interval; half is NaN for a single seed."""

    mean: float
    half: float

    def __str__(self) -> str:
        return f"{self.mean:.3g}" + ("" if np.isnan(self.half) else f" ± {self.half:.2g}")


def estimate(values: Sequence[float]) -> Estimate:
    """Mean and 95% interval of the finite values, by Student's t."""
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    if len(known) < 2:
        return Estimate(float(known[0]) if len(known) else float("nan"), float("nan"))
    from scipy.stats import t

    half = t.ppf(0.975, len(known) - 1) * known.std(ddof=1) / np.sqrt(len(known))
    return Estimate(float(known.mean()), float(half))


@dataclass(frozen=True)
class Setting:
    """One λ1 and λ2, with the row numbers of its runs, one for each seed."""

    lambda1: float
    lambda2: float
    rows: tuple[int, ...]

    def estimate(self, runs: Table, measure: str) -> Estimate:
        return estimate(runs[measure][list(self.rows)].tolist())


def settings(runs: Table) -> list[Setting]:
    """Settings of a sweep, sorted by λ2, then λ1."""
    pairs = sorted({*zip(runs["lambda2"].tolist(), runs["lambda1"].tolist(), strict=True)})
    return [
        Setting(
            lambda1,
            lambda2,
            tuple(np.flatnonzero((runs["lambda1"] == lambda1) & (runs["lambda2"] == lambda2)).tolist()),
        )
        for lambda2, lambda1 in pairs
    ]


def difference_at_matched_l0(runs: Table, setting: Setting) -> dict[str, Estimate] | None:
    """Difference from the standard autoencoder at the same L0, by measure; None where the sweep has no such L0.

    Computed seed by seed: the standard runs of a seed form a curve over log L0, interpolated and never extrapolated.
    """
    by_seed = [differences(runs, row) for row in setting.rows]
    if any(of_seed is None for of_seed in by_seed):
        return None
    return {measure: estimate([of_seed[measure] for of_seed in by_seed]) for measure in MEANING if measure != "l0"}


def differences(runs: Table, row: int) -> dict[str, float] | None:
    standard = np.flatnonzero((runs["lambda2"] == 0) & (runs["seed"] == runs["seed"][row]))
    standard = standard[np.argsort(runs["l0"][standard])]
    curve, log_l0 = np.log(runs["l0"][standard]), np.log(runs["l0"][row])
    if not len(curve) or not curve[0] <= log_l0 <= curve[-1]:
        return None
    return {
        measure: float(runs[measure][row] - np.interp(log_l0, curve, runs[measure][standard]))
        for measure in MEANING
        if measure != "l0"
    }


def pareto_front(values: Float[np.ndarray, "n d"]) -> Bool[np.ndarray, " n"]:
    """Mark the rows that no other row dominates (at most as large everywhere, smaller somewhere)."""
    no_worse = (values[:, None] <= values[None]).all(axis=2)
    better = (values[:, None] < values[None]).any(axis=2)
    return ~(no_worse & better).any(axis=0)


def nearest_in_l0(runs: Table, run: int) -> int:
    """Standard run of the same seed with the nearest L0, as a ratio."""
    standard = np.flatnonzero((runs["lambda2"] == 0) & (runs["seed"] == runs["seed"][run]))
    return int(standard[np.abs(np.log(runs["l0"][standard] / runs["l0"][run])).argmin()])
