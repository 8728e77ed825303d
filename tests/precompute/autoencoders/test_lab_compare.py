"""Settings of a sweep over its seeds, differences at matched L0, the front: on numbers that one can do in the head."""

import numpy as np
import pytest

from precompute.autoencoders.lab.compare import estimate, front, matched, nearest_in_l0, settings
from precompute.autoencoders.lab.released import reached
from precompute.autoencoders.lab.tables import shown_runs
from precompute.autoencoders.loss.measures import MEANING


def table(rows) -> dict[str, np.ndarray]:
    """Runs from (λ1, λ2, seed, L0, mean distance, inputs read); every other measure is zero."""
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


def test_settings_gather_their_seeds():
    found = settings(RUNS)
    assert [(each.lambda1, each.lambda2, each.rows) for each in found] == [
        (1, 0, (0, 1)), (2, 0, (2, 3)), (1, 5, (4, 5)), (2, 5, (6, 7)),
    ]  # fmt: skip
    assert found[0].of(RUNS, "mean_distance").mean == pytest.approx(0.31)


def test_an_interval_is_students():
    found = estimate([1.0, 2.0, 3.0])
    assert found.mean == 2
    assert found.half == pytest.approx(4.302653 / np.sqrt(3))  # t of 2 degrees of freedom; the deviation is 1
    assert np.isnan(estimate([1.0]).half)
    assert np.isnan(estimate([np.nan]).mean)
    assert str(estimate([1.0])) == "1"


def test_matched_l0_reads_between_the_standard_runs_of_the_same_seed():
    """L0 20 is half-way between 10 and 40 in its logarithm."""
    found = matched(RUNS, settings(RUNS)[2])
    assert found["mean_distance"].mean == pytest.approx(np.mean([0.15 - 0.25, 0.18 - 0.28]))
    assert "l0" not in found


def test_nothing_is_read_beyond_the_standard_runs():
    assert matched(RUNS, settings(RUNS)[3]) is None


def test_the_front_is_what_nothing_beats():
    values = np.array([[1.0, 3], [2, 2], [2, 3], [3, 1], [1, 3]])
    assert front(values).tolist() == [True, True, False, True, True]


def test_the_pair_that_is_shown_reads_several_inputs():
    """Runs of one input have the least distance and are not chosen while others are there."""
    assert shown_runs(RUNS) == {"standard": 0, "ne": 4}
    only_single = {name: column[[0, 2, 6]] for name, column in RUNS.items()}
    assert shown_runs(only_single) == {"standard": 1, "ne": 2}


def test_the_nearest_in_l0_is_of_the_same_seed():
    assert nearest_in_l0(RUNS, 7) == 1
    assert nearest_in_l0(RUNS, 6) == 2


def test_seeds_within_the_limits_are_counted():
    asked = {"l0": ("≤", 40.0), "mean_distance": ("<", 0.24)}
    assert reached(RUNS, settings(RUNS)[1], asked) == ["**2 of 2**", "**1 of 2**", "**1 of 2**"]
    assert reached(RUNS, settings(RUNS)[0], asked) == ["**2 of 2**", "0 of 2", "0 of 2"]
