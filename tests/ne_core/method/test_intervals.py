"""The Wilson interval, against its closed forms and a count of how often it holds the truth."""

import numpy as np
import pytest

from ne_core.method.intervals import Z95, wilson


def test_ends_have_closed_forms():
    low, high = wilson(np.array([0, 100]), 100)
    assert low.tolist() == [0, pytest.approx(100 / (100 + Z95**2))]
    assert high.tolist() == [pytest.approx(Z95**2 / (100 + Z95**2)), 1]


def test_the_ends_solve_the_score_equation():
    """Each end p is where the share lies z standard deviations of p away."""
    for ends in wilson(np.array([3, 40, 77]), 80):
        share = np.array([3, 40, 77]) / 80
        np.testing.assert_allclose(np.abs(share - ends), Z95 * np.sqrt(ends * (1 - ends) / 80))


def test_it_holds_the_truth_about_as_often_as_it_says():
    counts = np.random.default_rng(0).binomial(200, 0.03, size=4000)
    low, high = wilson(counts, 200)
    assert ((low <= 0.03) & (high >= 0.03)).mean() == pytest.approx(0.95, abs=0.03)


def test_of_nothing_everything_may_be():
    low, high = wilson(np.zeros(2, dtype=np.int64), 0)
    assert (low.tolist(), high.tolist()) == ([0, 0], [1, 1])
