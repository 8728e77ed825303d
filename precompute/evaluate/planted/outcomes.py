"""Plantings of one kind in one layer, clustered in every space: the data of all tables."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ne_core.method.embeddings import Embedder, default_cut
from ne_core.method.trees.cluster import similarities, tree, unit
from precompute.evaluate.planted.agreement import pairs_auc, rand_along
from precompute.evaluate.planted.cuts import RULES, Case
from precompute.evaluate.planted.sources import COUNTS, PLANTINGS, Planted, Pool
from precompute.evaluate.planted.weights import WEIGHTINGS

GRID = np.round(np.arange(0.01, 1.5, 0.01), 2)  # candidates for a calibrated cut
SEED = 0
USUAL = "usual cut"  # the default of an atlas in that space


@dataclass(frozen=True)
class Outcome:
    """One planting in one space. `heights`: of the tree; `rand`: adjusted Rand index after each number of joins."""

    half: int
    n_sources: int
    auc: float
    heights: Float[np.ndarray, " m"]
    rand: Float[np.ndarray, " m+1"]
    cuts: Mapping[str, float]

    def joins(self, cut: float | Float[np.ndarray, " cuts"]) -> np.ndarray | np.integer:
        """Number of joins at or below a cut."""
        return np.searchsorted(self.heights, cut, side="right")

    def rand_at_cut(self, cut: float | Float[np.ndarray, " cuts"]) -> np.ndarray | np.floating:
        return self.rand[self.joins(cut)]

    def count_at_cut(self, cut: float) -> int:
        return len(self.rand) - int(self.joins(cut))


def outcomes(
    pool: Pool,
    embedder: Embedder,
    kind: str,
    n: int,
    spaces: Sequence[str],
    rules: Mapping[str, Callable[[Case], float]] = RULES,
    weighting: str = "unit",
    usual: float | None = None,
) -> dict[str, list[Outcome]]:
    """Outcomes by space of the same `n` plantings, or fewer if the layer has too few sources; halves alternate.

    `usual` replaces the default cut of the spaces.
    """
    by_space = {space: [] for space in spaces}
    for number, planting in plantings(pool, kind, n):
        background = pool.background(np.random.default_rng((SEED, number)))
        w = WEIGHTINGS[weighting](planting.weights)
        for space in spaces:
            case = case_of(embedder, space, planting, background, w)
            cuts = {USUAL: usual or default_cut(space), **{name: rule(case) for name, rule in rules.items()}}
            by_space[space].append(outcome(case, planting, number % 2, cuts))
    return by_space


def plantings(pool: Pool, kind: str, n: int) -> Iterator[tuple[int, Planted]]:
    """Yield plantings with their numbers; counts of sources alternate, each in both halves."""
    counts = COUNTS[kind]
    for number in range(n):
        rng = np.random.default_rng((SEED, number, list(PLANTINGS).index(kind)))
        planting = PLANTINGS[kind](pool, rng, counts[number // 2 % len(counts)], number % 2)
        if planting is not None:
            yield number, planting


def case_of(
    embedder: Embedder,
    space: str,
    planting: Planted,
    background: Float[np.ndarray, "other d_in"],
    w: Float[np.ndarray, " d_in"],
) -> Case:
    embeddings = embedder(space, planting.x, w)
    cosines = similarities(embeddings)
    background_distances = 1 - unit(embeddings) @ unit(embedder(space, background, w)).T
    return Case(embeddings, cosines, tree(cosines), background_distances, space)


def outcome(case: Case, planting: Planted, half: int, cuts: Mapping[str, float]) -> Outcome:
    return Outcome(
        half=half,
        n_sources=planting.n_sources,
        auc=pairs_auc(case.cosines, planting.source),
        heights=case.tree[:, 2].astype(np.float64),
        rand=rand_along(case.tree, planting.source),
        cuts=cuts,
    )


def calibrated(all_outcomes: Sequence[Outcome]) -> dict[int, float]:
    """Cut of each half: the best mean Rand index on the plantings of the other half; 1 if that has none."""
    best = {}
    for half in (0, 1):
        others = [each.rand_at_cut(GRID) for each in all_outcomes if each.half != half]
        best[half] = float(GRID[np.mean(others, axis=0).argmax()]) if others else 1.0
    return best
