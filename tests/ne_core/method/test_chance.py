"""Units against chance: against scipy, and on random and planted units."""

import numpy as np
import pytest
from scipy.stats import false_discovery_control, kstest, mannwhitneyu

from ne_core.method.chance import false_discovery, p_values, separation


def drawn(n: int, seed: int, digits: int = 1) -> np.ndarray:
    """Normal numbers; rounded, so that many are equal."""
    return np.random.default_rng(seed).normal(size=n).round(digits)


def test_separation_is_that_of_scipy():
    one, other = drawn(40, 0), drawn(70, 1) + 0.5
    expected = 1 - mannwhitneyu(one, other).statistic / (40 * 70)
    assert separation(one, other) == pytest.approx(expected)
    assert separation(np.zeros(3), np.zeros(5)) == 0.5
    assert np.isnan(separation(np.zeros(0), other))


def test_p_values_by_hand():
    assert p_values(np.array([0.0, 1, 2.5, 9]), np.array([3.0, 1, 2])).tolist() == [0.25, 0.5, 0.75, 1]


def test_random_units_have_uniform_p_values():
    p = p_values(drawn(3000, 0, 12), drawn(1000, 1, 12))
    assert kstest(p, "uniform").statistic < 0.05
    assert (false_discovery(p) > 0.2).all()


def test_false_discovery_is_that_of_scipy():
    p = np.append(np.random.default_rng(0).random(200), [0.001] * 20)
    np.testing.assert_allclose(false_discovery(p), false_discovery_control(p))
    assert not len(false_discovery(np.zeros(0)))


def test_tight_units_among_random_ones_are_significant():
    """Plant 60 units far below 1,000 random ones, among 500 random units."""
    planted = np.append(np.full(60, -9.0), drawn(500, 0, 12))
    significant = false_discovery(p_values(planted, drawn(1000, 1, 12))) <= 0.05
    assert significant[:60].all()
    assert significant[60:].mean() < 0.02
