"""The sweep as a whole: which runs no other beats, and pairs of a standard and an NE run that are as sparse."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.atlas.lab import Lab

SEVERAL = 2.0  # effective inputs of the median latent from which a dictionary is not one of single inputs
NEAR = 0.15  # of the larger L0: further apart, two runs are not matched


def front(across: Float[np.ndarray, " n"], up: Float[np.ndarray, " n"]) -> Int[np.ndarray, " k"]:
    """Points that no other equals or beats in both, where less is better; from the least `across` up."""
    order = np.lexsort((up, across))
    best = np.minimum.accumulate(up[order])
    return order[np.concatenate([[True], best[1:] < best[:-1]])] if len(order) else order


def reads_one_input(lab: Lab) -> Bool[np.ndarray, " n_runs"]:
    """Runs whose median latent reads about a single input: their distances are small by construction."""
    return lab.runs["effective_inputs"] < SEVERAL


def nearest_run(lab: Lab, run: int, among: Sequence[int] | Int[np.ndarray, " k"]) -> int:
    """Of some runs the one whose L0 is nearest to a run's, of equal ones the one of its seed, then the first."""
    among = np.asarray(among)
    apart = np.abs(lab.runs["l0"][among] - lab.runs["l0"][run])
    other_seed = lab.runs["seed"][among] != lab.runs["seed"][run]
    return int(among[np.lexsort((among, other_seed, apart))[0]])


def of_kind(lab: Lab, kind: str) -> Int[np.ndarray, " k"]:
    """Runs of a kind, standard or ne."""
    return np.flatnonzero((lab.runs["lambda2"] > 0) == (kind == "ne"))


def counterpart(lab: Lab, run: int) -> int:
    """The run of the other kind that is as sparse; the atlas shows one of each kind, so there is one."""
    return nearest_run(lab, run, of_kind(lab, "standard" if lab.kind(run) == "ne" else "ne"))


@dataclass(frozen=True)
class Matched:
    """A standard and an NE run of nearly the same L0."""

    standard: int
    ne: int


def matched(lab: Lab, rows: int, within: Bool[np.ndarray, " n_runs"] | None = None) -> list[Matched]:
    """Up to so many standard runs, evenly spread over L0, each with the NE run nearest to it, if that is near enough.

    Only runs `within` are looked at; of an NE run that is nearest to several, the closest pair stays.
    """
    inside = np.ones(lab.n_runs, dtype=bool) if within is None else within
    standard, ne = (runs[inside[runs]] for runs in (of_kind(lab, "standard"), of_kind(lab, "ne")))
    if not len(standard) or not len(ne):
        return []
    pairs = [Matched(run, nearest_run(lab, run, ne)) for run in standard.tolist()]
    best: dict[int, Matched] = {}
    for pair in sorted(pairs, key=lambda pair: apart(lab, pair)):
        if apart(lab, pair) <= NEAR:
            best.setdefault(pair.ne, pair)
    found = sorted(best.values(), key=lambda pair: (lab.runs["l0"][pair.standard], pair.standard))
    spread = np.unique(np.linspace(0, len(found) - 1, min(rows, len(found))).round().astype(int))
    return [found[i] for i in spread]


def apart(lab: Lab, pair: Matched) -> float:
    """How far apart two runs are in L0, as a share of the larger."""
    l0 = lab.runs["l0"][[pair.standard, pair.ne]]
    return float(np.abs(np.diff(l0))[0] / l0.max()) if l0.max() > 0 else 0.0
