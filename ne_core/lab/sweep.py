"""The sweep of runs as a whole: its Pareto front, and pairs of a standard and an NE run of similar sparsity."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.atlas.lab import Lab

SEVERAL = 2.0  # effective inputs of the median latent; below, a dictionary is one of single inputs
NEAR = 0.15  # largest difference of two matched runs, as a share of the larger L0


def pareto_front(x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"]) -> Int[np.ndarray, " k"]:
    """Return the points that no other equals or beats in both coordinates, less being better, by ascending `x`."""
    order = np.lexsort((y, x))
    best = np.minimum.accumulate(y[order])
    return order[np.concatenate([[True], best[1:] < best[:-1]])] if len(order) else order


def reads_one_input(lab: Lab) -> Bool[np.ndarray, " n_runs"]:
    """True for runs whose median latent reads about a single input: their distances are small by construction."""
    return lab.runs["effective_inputs"] < SEVERAL


def nearest_run(lab: Lab, run: int, among: Sequence[int] | Int[np.ndarray, " k"]) -> int:
    """Return the run in `among` with the nearest L0; ties go to the same seed, then to the first."""
    among = np.asarray(among)
    l0_difference = np.abs(lab.runs["l0"][among] - lab.runs["l0"][run])
    other_seed = lab.runs["seed"][among] != lab.runs["seed"][run]
    return int(among[np.lexsort((among, other_seed, l0_difference))[0]])


def of_kind(lab: Lab, kind: str) -> Int[np.ndarray, " k"]:
    """Return the runs of a kind, standard or ne."""
    return np.flatnonzero((lab.runs["lambda2"] > 0) == (kind == "ne"))


def counterpart(lab: Lab, run: int) -> int:
    """Return the run of the other kind that is most similar in L0; a lab has runs of both kinds."""
    return nearest_run(lab, run, of_kind(lab, "standard" if lab.kind(run) == "ne" else "ne"))


@dataclass(frozen=True)
class Matched:
    """A standard and an NE run of nearly the same L0."""

    standard: int
    ne: int


def matched_pairs(lab: Lab, rows: int, within: Bool[np.ndarray, " n_runs"] | None = None) -> list[Matched]:
    """Return up to `rows` standard runs, evenly spread over L0, each with the NE run nearest to it in L0.

    Only runs in `within` are considered. Pairs further apart than NEAR are left out; an NE run that is nearest to
    several standard runs is in the closest pair only.
    """
    allowed = np.ones(lab.n_runs, dtype=bool) if within is None else within
    standard, ne = (runs[allowed[runs]] for runs in (of_kind(lab, "standard"), of_kind(lab, "ne")))
    if not len(standard) or not len(ne):
        return []
    pairs = [Matched(run, nearest_run(lab, run, ne)) for run in standard.tolist()]
    best: dict[int, Matched] = {}
    for pair in sorted(pairs, key=lambda pair: l0_difference(lab, pair)):
        if l0_difference(lab, pair) <= NEAR:
            best.setdefault(pair.ne, pair)
    candidates = sorted(best.values(), key=lambda pair: (lab.runs["l0"][pair.standard], pair.standard))
    spread = np.unique(np.linspace(0, len(candidates) - 1, min(rows, len(candidates))).round().astype(int))
    return [candidates[i] for i in spread]


def l0_difference(lab: Lab, pair: Matched) -> float:
    """Difference of two runs' L0, as a share of the larger."""
    l0 = lab.runs["l0"][[pair.standard, pair.ne]]
    return float(np.abs(np.diff(l0))[0] / l0.max()) if l0.max() > 0 else 0.0
