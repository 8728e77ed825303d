"""Standard against neuron-embedding autoencoders: settings over seeds, at matched L0, and which are on the front."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from precompute.autoencoders.loss.measures import MEANING

Table = Mapping[str, np.ndarray]  # the columns of the runs


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds and half the width of its 95% interval; NaN half where one seed cannot tell."""

    mean: float
    half: float

    def __str__(self) -> str:
        return f"{self.mean:.3g}" + ("" if np.isnan(self.half) else f" ± {self.half:.2g}")


def estimate(values: Sequence[float]) -> Estimate:
    """By Student's t over the values that are there."""
    found = np.asarray(values, dtype=np.float64)
    found = found[np.isfinite(found)]
    if len(found) < 2:
        return Estimate(float(found[0]) if len(found) else float("nan"), float("nan"))
    from scipy.stats import t

    half = t.ppf(0.975, len(found) - 1) * found.std(ddof=1) / np.sqrt(len(found))
    return Estimate(float(found.mean()), float(half))


@dataclass(frozen=True)
class Setting:
    """One λ1 and λ2 with the numbers of its runs, a seed each."""

    lambda1: float
    lambda2: float
    rows: tuple[int, ...]

    def of(self, runs: Table, measure: str) -> Estimate:
        return estimate(runs[measure][list(self.rows)].tolist())


def settings(runs: Table) -> list[Setting]:
    """By λ2 and then λ1."""
    pairs = sorted({*zip(runs["lambda2"].tolist(), runs["lambda1"].tolist(), strict=True)})
    return [
        Setting(one, two, tuple(np.flatnonzero((runs["lambda1"] == one) & (runs["lambda2"] == two)).tolist()))
        for two, one in pairs
    ]


def matched(runs: Table, setting: Setting) -> dict[str, Estimate] | None:
    """The setting less the standard autoencoder at the same L0, by measure; None where the sweep has no such L0.

    Seed by seed: the standard runs of a seed are a curve over log L0, read between its points and never beyond them.
    """
    found = [differences(runs, row) for row in setting.rows]
    if any(each is None for each in found):
        return None
    return {measure: estimate([each[measure] for each in found]) for measure in MEANING if measure != "l0"}


def differences(runs: Table, row: int) -> dict[str, float] | None:
    standard = np.flatnonzero((runs["lambda2"] == 0) & (runs["seed"] == runs["seed"][row]))
    standard = standard[np.argsort(runs["l0"][standard])]
    curve, at = np.log(runs["l0"][standard]), np.log(runs["l0"][row])
    if not len(curve) or not curve[0] <= at <= curve[-1]:
        return None
    return {
        measure: float(runs[measure][row] - np.interp(at, curve, runs[measure][standard]))
        for measure in MEANING
        if measure != "l0"
    }


def front(values: Float[np.ndarray, "n d"]) -> Bool[np.ndarray, " n"]:
    """Which rows no other row beats: at most as large everywhere, and smaller somewhere."""
    no_worse = (values[:, None] <= values[None]).all(axis=2)
    better = (values[:, None] < values[None]).any(axis=2)
    return ~(no_worse & better).any(axis=0)


def nearest_in_l0(runs: Table, run: int) -> int:
    """The standard run of the same seed whose L0 is nearest, as a ratio."""
    standard = np.flatnonzero((runs["lambda2"] == 0) & (runs["seed"] == runs["seed"][run]))
    return int(standard[np.abs(np.log(runs["l0"][standard] / runs["l0"][run])).argmin()])
