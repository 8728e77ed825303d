"""Settings of a sweep over seeds, differences at matched L0, and the front: on numbers solved by hand."""

import numpy as np
import pytest

from precompute.autoencoders.lab.compare import (
    difference_at_matched_l0,
    estimate,
    nearest_in_l0,
    pareto_front,
    settings,
)
from precompute.autoencoders.lab.released import seeds_within_limits
from precompute.autoencoders.lab.tables import pick_displayed_pair
from precompute.autoencoders.loss.measures import MEANING


def table(rows) -> dict[str, np.ndarray]:
    """Make runs from (λ1, λ2, seed, L0, mean distance, inputs read); every other measure is zero."""
    columns = {name: np.zeros(len(rows)) for name in MEANING}
    values = np.array(rows, dtype=float).T
    names = ("lambda1", "lambda2", "seed", "l0", "mean_distance", "effective_inputs")
    return columns | dict(zip(names, values, strict=True))


RUNS = table(
    [
        (1, 0, 0, 10, 0.30, 9),
        (1, 0, 1, 10, 0.32, 9),
        (2, 0, 0, 40, 0.20, 9),
        (2, 0, 1, 40, 0.24, 9),
        (1, 5, 0, 20, 0.15, 4),
        (1, 5, 1, 20, 0.18, 4),
        (2, 5, 0, 50, 0.01, 1),
        (2, 5, 1, 20, 0.02, 1),
    ]
)


def test_settings_group_their_seeds():
    all_settings = settings(RUNS)
    assert [(each.lambda1, each.lambda2, each.rows) for each in all_settings] == [
        (1, 0, (0, 1)), (2, 0, (2, 3)), (1, 5, (4, 5)), (2, 5, (6, 7)),
    ]  # fmt: skip
    assert all_settings[0].estimate(RUNS, "mean_distance").mean == pytest.approx(0.31)


def test_interval_is_by_students_t():
    interval = estimate([1.0, 2.0, 3.0])
    assert interval.mean == 2
    assert interval.half == pytest.approx(4.302653 / np.sqrt(3))  # t of 2 degrees of freedom; the deviation is 1
    assert np.isnan(estimate([1.0]).half)
    assert np.isnan(estimate([np.nan]).mean)
    assert str(estimate([1.0])) == "1"


def test_matched_l0_interpolates_standard_runs_of_the_same_seed():
    """L0 20 is half-way between 10 and 40 in its logarithm."""
    difference = difference_at_matched_l0(RUNS, settings(RUNS)[2])
    assert difference["mean_distance"].mean == pytest.approx(np.mean([0.15 - 0.25, 0.18 - 0.28]))
    assert "l0" not in difference


def test_matched_l0_does_not_extrapolate():
    assert difference_at_matched_l0(RUNS, settings(RUNS)[3]) is None


def test_pareto_front():
    values = np.array([[1.0, 3], [2, 2], [2, 3], [3, 1], [1, 3]])
    assert pareto_front(values).tolist() == [True, True, False, True, True]


def test_displayed_pair_reads_several_inputs():
    """Runs of one input have the least distance and are not picked if there are others."""
    assert pick_displayed_pair(RUNS) == {"standard": 0, "ne": 4}
    only_single = {name: column[[0, 2, 6]] for name, column in RUNS.items()}
    assert pick_displayed_pair(only_single) == {"standard": 1, "ne": 2}


def test_nearest_in_l0_has_the_same_seed():
    assert nearest_in_l0(RUNS, 7) == 1
    assert nearest_in_l0(RUNS, 6) == 2


def test_seeds_within_limits_are_counted():
    limits = {"l0": ("≤", 40.0), "mean_distance": ("<", 0.24)}
    assert seeds_within_limits(RUNS, settings(RUNS)[1], limits) == ["**2 of 2**", "**1 of 2**", "**1 of 2**"]
    assert seeds_within_limits(RUNS, settings(RUNS)[0], limits) == ["**2 of 2**", "0 of 2", "0 of 2"]
