"""Test if suggested cuts recover planted counts, on sources that no clustering selected: key tokens and contexts."""

from collections.abc import Sequence

import numpy as np

from precompute.evaluate.bootstrap import mean, mean_with_interval
from precompute.evaluate.planted.cuts import RULES
from precompute.evaluate.planted.outcomes import USUAL, Outcome, calibrated
from precompute.report import Figure, aligned

CALIBRATED = "calibrated"


def cuts_of(outcomes: Sequence[Outcome], rule: str) -> list[float]:
    """Cut of a rule for every planting; `calibrated` is one cut, fitted on the other half of the plantings."""
    if rule != CALIBRATED:
        return [each.cuts[rule] for each in outcomes]
    cuts = calibrated(outcomes)
    return [cuts[each.half] for each in outcomes]


def errors(outcomes: Sequence[Outcome], rule: str) -> np.ndarray:
    """Features at the cut minus planted sources, for each planting."""
    cuts = cuts_of(outcomes, rule)
    return np.array(
        [each.count_at_cut(cut) - each.n_sources for each, cut in zip(outcomes, cuts, strict=True)], dtype=float
    )


def rand(outcomes: Sequence[Outcome], rule: str) -> np.ndarray:
    cuts = cuts_of(outcomes, rule)
    return np.array([each.rand_at_cut(cut) for each, cut in zip(outcomes, cuts, strict=True)], dtype=float)


def over(parts: Sequence[Sequence[Outcome]], measured, rule: str) -> np.ndarray:
    return np.concatenate([measured(part, rule) for part in parts if part])


def table(parts: Sequence[Sequence[Outcome]]) -> str:
    """Table with a row for each rule; a part is the plantings of one layer and kind, for which a cut is calibrated."""
    rows = []
    for rule in (*RULES, USUAL, CALIBRATED):
        count_errors = over(parts, errors, rule)
        numbers = [
            mean_with_interval(np.abs(count_errors), 2),
            mean_with_interval((count_errors == 0).astype(float), 2),
            f"{mean(count_errors):+.2f}",
        ]
        rows.append([rule, *numbers, mean_with_interval(over(parts, rand, rule), 2)])
    return aligned([["", "error of the count", "right", "too many", "Rand"], *rows])


def by_count(parts: Sequence[Sequence[Outcome]], rule: str) -> str:
    """Table of the error of the count by number of planted sources."""
    outcomes = [each for part in parts for each in part]
    counts = sorted({each.n_sources for each in outcomes})
    count_errors = [errors([each for each in outcomes if each.n_sources == k], rule) for k in counts]
    return aligned([["planted", *map(str, counts)], ["error", *(f"{mean(np.abs(each)):.2f}" for each in count_errors)]])


def count_figures(atlas: str, space: str, kind: str, parts: Sequence[Sequence[Outcome]]) -> list[Figure]:
    figures = []
    for rule in (*RULES, USUAL, CALIBRATED):
        count_errors, name = over(parts, errors, rule), rule.replace(" ", "_").replace("%", "percent")
        figures.append(Figure(f"count_error_{kind}_{space}_{name}_{atlas}", mean(np.abs(count_errors)), "features"))
        figures.append(
            Figure(f"count_right_{kind}_{space}_{name}_{atlas}", mean((count_errors == 0).astype(float)), "share")
        )
    return figures
