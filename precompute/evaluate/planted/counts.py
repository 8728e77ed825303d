"""Do suggested cuts give planted counts back? Judged on sources that no clustering chose: key tokens, and contexts."""

from collections.abc import Sequence

import numpy as np

from precompute.evaluate.planted.cuts import RULES
from precompute.evaluate.planted.outcomes import USUAL, Outcome, calibrated
from precompute.evaluate.resampled import mean, told
from precompute.report import Figure, aligned

CALIBRATED = "calibrated"


def cut_of(found: Sequence[Outcome], rule: str) -> list[float]:
    """Of every planting, the cut of a rule; `calibrated` is one number for the other half of the plantings."""
    if rule != CALIBRATED:
        return [each.cuts[rule] for each in found]
    cuts = calibrated(found)
    return [cuts[each.half] for each in found]


def errors(found: Sequence[Outcome], rule: str) -> np.ndarray:
    """Features at the cut less planted sources, for each planting."""
    cuts = cut_of(found, rule)
    return np.array([each.count_at(cut) - each.n_sources for each, cut in zip(found, cuts, strict=True)], dtype=float)


def rand(found: Sequence[Outcome], rule: str) -> np.ndarray:
    cuts = cut_of(found, rule)
    return np.array([each.rand_at(cut) for each, cut in zip(found, cuts, strict=True)], dtype=float)


def over(parts: Sequence[Sequence[Outcome]], measured, rule: str) -> np.ndarray:
    return np.concatenate([measured(part, rule) for part in parts if part])


def table(parts: Sequence[Sequence[Outcome]]) -> str:
    """A row a rule: parts are the plantings of one layer and kind, by which a cut is calibrated."""
    rows = []
    for rule in (*RULES, USUAL, CALIBRATED):
        off = over(parts, errors, rule)
        numbers = [told(np.abs(off), 2), told((off == 0).astype(float), 2), f"{mean(off):+.2f}"]
        rows.append([rule, *numbers, told(over(parts, rand, rule), 2)])
    return aligned([["", "error of the count", "right", "too many", "Rand"], *rows])


def by_count(parts: Sequence[Sequence[Outcome]], rule: str) -> str:
    """The error of the count by how many sources were planted."""
    found = [each for part in parts for each in part]
    counts = sorted({each.n_sources for each in found})
    off = [errors([each for each in found if each.n_sources == k], rule) for k in counts]
    return aligned([["planted", *map(str, counts)], ["error", *(f"{mean(np.abs(each)):.2f}" for each in off)]])


def count_figures(atlas: str, space: str, kind: str, parts: Sequence[Sequence[Outcome]]) -> list[Figure]:
    figures = []
    for rule in (*RULES, USUAL, CALIBRATED):
        off, name = over(parts, errors, rule), rule.replace(" ", "_").replace("%", "percent")
        figures.append(Figure(f"count_error_{kind}_{space}_{name}_{atlas}", mean(np.abs(off)), "features"))
        figures.append(Figure(f"count_right_{kind}_{space}_{name}_{atlas}", mean((off == 0).astype(float)), "share"))
    return figures
