"""The sweep as a whole: which runs no other beats, and pairs of a standard and an NE run that are as sparse."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.lab.lab import Lab

SINGLE = 1.5  # effective inputs below which a latent reads about one


def front(across: Float[np.ndarray, " n"], up: Float[np.ndarray, " n"]) -> Int[np.ndarray, " k"]:
    """Points that no other equals or beats in both, where less is better; from the least `across` up."""
    order = np.lexsort((up, across))
    best = np.minimum.accumulate(up[order])
    return order[np.concatenate([[True], best[1:] < best[:-1]])] if len(order) else order


def reads_one_input(lab: Lab) -> Bool[np.ndarray, " n_runs"]:
    """Runs whose median latent reads about a single input: their distances are small by construction."""
    return lab.runs["effective_inputs"] < SINGLE


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
    """So many standard runs, evenly spread over the L0 of those there are, each with the NE run nearest to it.

    Only runs `within` are looked at; of an NE run that is nearest to several, the closest pair stays.
    """
    inside = np.ones(lab.n_runs, dtype=bool) if within is None else within
    standard, ne = (runs[inside[runs]] for runs in (of_kind(lab, "standard"), of_kind(lab, "ne")))
    if not len(standard) or not len(ne):
        return []
    l0 = lab.runs["l0"]
    closest: dict[int, int] = {}
    for run in standard[np.argsort(l0[standard], kind="stable")].tolist():
        pair = nearest_run(lab, run, ne)
        held = closest.get(pair)
        if held is None or abs(l0[run] - l0[pair]) < abs(l0[held] - l0[pair]):
            closest[pair] = run
    found = [Matched(run, pair) for pair, run in closest.items()]
    spread = np.unique(np.linspace(0, len(found) - 1, min(rows, len(found))).round().astype(int))
    return [found[i] for i in spread]
