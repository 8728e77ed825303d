"""Importance by distance: by hand, and against a loop over tokens."""

import numpy as np
import pytest

from ne_core.queries.by_distance import by_distance, reach

NAN = np.nan
BY_HAND = np.array([[0.2, 0.4, 1], [NAN, -0.2, 1], [NAN, NAN, NAN]], dtype=np.float16)


def test_by_distance_by_hand():
    result = by_distance(BY_HAND)
    np.testing.assert_allclose(result.mean, [0.1, 0.2], atol=1e-3)
    np.testing.assert_allclose(result.spread, [0.3, 0], atol=1e-3)
    assert result.count.tolist() == [2, 1]
    assert result.n_examples == 2


def test_by_distance_matches_a_loop():
    rng = np.random.default_rng(0)
    values = np.where(rng.random((30, 8)) < 0.3, NAN, rng.normal(size=(30, 8)))
    result = by_distance(values)
    for distance in range(1, 8):
        known = [row[7 - distance] for row in values if np.isfinite(row[7 - distance])]
        assert result.count[distance - 1] == len(known)
        assert result.mean[distance - 1] == pytest.approx(np.mean(known))
        assert result.spread[distance - 1] == pytest.approx(np.std(known))


def test_unknown_importances():
    result = by_distance(np.full((2, 4), NAN))
    assert (result.n_examples, result.count.tolist()) == (0, [0, 0, 0])
    assert np.isnan(result.mean).all()
    assert by_distance(np.zeros((0, 4))).n_examples == 0


def test_reach_by_hand():
    values = np.array([[0.2, 0, 0.3, 1], [0, -0.5, 0, 1], [0, 0.05, 0, 0], [NAN, NAN, 0.4, 1], [NAN] * 4])
    assert reach(values, 0.1).tolist() == [3, 2, 0, 1, -1]
