"""Importance by distance: by hand, and against a loop over tokens."""

import numpy as np
import pytest

from ne_core.queries.by_distance import by_distance, reach

NAN = np.nan
BY_HAND = np.array([[0.2, 0.4, 1], [NAN, -0.2, 1], [NAN, NAN, NAN]], dtype=np.float16)


def test_by_hand():
    found = by_distance(BY_HAND)
    np.testing.assert_allclose(found.mean, [0.1, 0.2], atol=1e-3)
    np.testing.assert_allclose(found.spread, [0.3, 0], atol=1e-3)
    assert found.count.tolist() == [2, 1]
    assert found.n_examples == 2


def test_against_a_loop():
    rng = np.random.default_rng(0)
    values = np.where(rng.random((30, 8)) < 0.3, NAN, rng.normal(size=(30, 8)))
    found = by_distance(values)
    for distance in range(1, 8):
        known = [row[7 - distance] for row in values if np.isfinite(row[7 - distance])]
        assert found.count[distance - 1] == len(known)
        assert found.mean[distance - 1] == pytest.approx(np.mean(known))
        assert found.spread[distance - 1] == pytest.approx(np.std(known))


def test_nothing_known():
    found = by_distance(np.full((2, 4), NAN))
    assert (found.n_examples, found.count.tolist()) == (0, [0, 0, 0])
    assert np.isnan(found.mean).all()
    assert by_distance(np.zeros((0, 4))).n_examples == 0


def test_reach_by_hand():
    values = np.array([[0.2, 0, 0.3, 1], [0, -0.5, 0, 1], [0, 0.05, 0, 0], [NAN, NAN, 0.4, 1], [NAN] * 4])
    assert reach(values, 0.1).tolist() == [3, 2, 0, 1, -1]
