"""Many plantings of one kind in one layer, clustered in every space: all that the tables are made from."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ne_core.method.cluster import similarities, tree, unit
from ne_core.method.embeddings import Embedder, default_cut
from precompute.evaluate.planted.agreement import pairs_auc, rand_along
from precompute.evaluate.planted.cuts import RULES, Case
from precompute.evaluate.planted.sources import COUNTS, PLANTINGS, Planted, Pool
from precompute.evaluate.planted.weights import WEIGHTINGS

GRID = np.round(np.arange(0.01, 1.5, 0.01), 2)  # cuts among which a calibrated one is looked for
SEED = 0
USUAL = "usual cut"  # that of an atlas in such a space, unless told


@dataclass(frozen=True)
class Outcome:
    """One planting in one space. `heights` are the tree's, `rand` the adjusted Rand index after so many joins."""

    half: int
    n_sources: int
    auc: float
    heights: Float[np.ndarray, " m"]
    rand: Float[np.ndarray, " m+1"]
    cuts: Mapping[str, float]

    def joins(self, cut: float | Float[np.ndarray, " cuts"]) -> np.ndarray | np.integer:
        """How many joins are at or below a cut."""
        return np.searchsorted(self.heights, cut, side="right")

    def rand_at(self, cut: float | Float[np.ndarray, " cuts"]) -> np.ndarray | np.floating:
        return self.rand[self.joins(cut)]

    def count_at(self, cut: float) -> int:
        return len(self.rand) - int(self.joins(cut))


def outcomes(
    pool: Pool,
    embedder: Embedder,
    kind: str,
    n: int,
    spaces: Sequence[str],
    rules: Mapping[str, Callable[[Case], float]] = RULES,
    weighting: str = "unit",
) -> dict[str, list[Outcome]]:
    """By space, the same `n` plantings or fewer, where the layer has too few sources; halves by turns."""
    found = {space: [] for space in spaces}
    for number, planting in plantings(pool, kind, n):
        background = pool.background(np.random.default_rng((SEED, number)))
        w = WEIGHTINGS[weighting](planting.weights)
        for space in spaces:
            case = case_of(embedder, space, planting, background, w)
            cuts = {USUAL: default_cut(space), **{name: rule(case) for name, rule in rules.items()}}
            found[space].append(outcome(case, planting, number % 2, cuts))
    return found


def plantings(pool: Pool, kind: str, n: int) -> Iterator[tuple[int, Planted]]:
    """Counts of sources by turns, each in either half."""
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
    apart = 1 - unit(embeddings) @ unit(embedder(space, background, w)).T
    return Case(embeddings, cosines, tree(cosines), apart)


def outcome(case: Case, planting: Planted, half: int, cuts: Mapping[str, float]) -> Outcome:
    return Outcome(
        half=half,
        n_sources=planting.n_sources,
        auc=pairs_auc(case.cosines, planting.source),
        heights=case.tree[:, 2].astype(np.float64),
        rand=rand_along(case.tree, planting.source),
        cuts=cuts,
    )


def calibrated(found: Sequence[Outcome]) -> dict[int, float]:
    """By half, the cut with the best mean Rand index on the plantings of the other one; 1 where that has none."""
    best = {}
    for half in (0, 1):
        others = [each.rand_at(GRID) for each in found if each.half != half]
        best[half] = float(GRID[np.mean(others, axis=0).argmax()]) if others else 1.0
    return best
