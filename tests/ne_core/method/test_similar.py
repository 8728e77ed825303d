"""Similar features against sorting every cosine."""

import numpy as np
import pytest

from ne_core.method import similar
from ne_core.method.similar import Best, blocks, nearest, unit_nearest


def brute_force(units: np.ndarray, neuron: np.ndarray, row: int, k: int) -> list[int]:
    cosines = units @ units[row]
    return sorted(np.flatnonzero(neuron != neuron[row]).tolist(), key=lambda j: (-cosines[j], j))[:k]


@pytest.mark.parametrize("n", [30, 500, 3000])
def test_nearest_agrees_with_brute_force(n: int, monkeypatch):
    monkeypatch.setattr(similar, "BLOCK", 77)  # neither divides n
    monkeypatch.setattr(similar, "TILE", 130)
    rng = np.random.default_rng(n)
    vectors = rng.normal(size=(n, 6)).astype(np.float32)
    neuron = np.sort(rng.integers(n // 5, size=n))
    found = nearest(vectors, neuron, 20)
    some = rng.choice(n, size=20, replace=False)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert [found.ids[i].tolist() for i in some] == [brute_force(units, neuron, i, 20) for i in some]
    np.testing.assert_allclose(found.cosines, np.einsum("nd,nkd->nk", units, units[found.ids]), atol=1e-5)


def test_a_neuron_that_owns_most_features_still_finds_the_others():
    neuron = np.array([0] * 300 + [1, 2])
    found = nearest(np.random.default_rng(0).normal(size=(302, 4)).astype(np.float32), neuron, 3)
    assert (np.sort(found.ids[:300, :2], axis=1) == [300, 301]).all()
    assert (found.ids[:300, 2] == -1).all()
    assert np.isnan(found.cosines[:300, 2]).all()


def test_only_one_neuron_has_no_similar_features():
    found = nearest(np.ones((3, 2), dtype=np.float32), np.zeros(3, dtype=int), 20)
    assert (found.ids == -1).all()
    assert np.isnan(found.cosines).all()


def test_no_features_at_all():
    assert nearest(np.zeros((0, 4), dtype=np.float32), np.zeros(0, dtype=int), 20).ids.shape == (0, 20)


@pytest.mark.parametrize("n", [5, 2000])
def test_ties_go_to_the_lower_number(n: int):
    best = Best(2, 4)
    for first in range(0, n, 100):
        best.add(np.ones((2, min(100, n - first)), dtype=np.float32), first)
    found = best.arrays()
    assert found["ids"].tolist() == [[0, 1, 2, 3]] * 2
    assert (found["cosines"] == 1).all()


@pytest.mark.parametrize("order", ["falling", "rising", "random"])
def test_the_best_of_columns_in_any_order(order: str):
    """Rising scores are the worst case: every tile beats those before it. Scores are few, so that many tie."""
    rng = np.random.default_rng(0)
    scores = rng.integers(90, size=(6, 700)).astype(np.float32)
    scores[rng.random(scores.shape) < 0.2] = -np.inf
    scores[0, 3:] = -np.inf  # fewer than are wanted
    if order != "random":
        scores = np.sort(scores, axis=1) if order == "rising" else -np.sort(-scores, axis=1)
    best = Best(6, 5)
    for first in range(0, 700, 50):
        best.add(scores[:, first : first + 50], first)
    found = best.arrays()
    for row, values in enumerate(scores):
        expected = sorted(np.flatnonzero(values > -np.inf).tolist(), key=lambda j: (-values[j], j))[:5]
        assert found["ids"][row].tolist() == expected + [-1] * (5 - len(expected))
        np.testing.assert_array_equal(found["cosines"][row, : len(expected)], values[expected])


def test_neurons_that_do_not_stand_together_are_refused():
    with pytest.raises(ValueError, match="sorted by neuron"):
        unit_nearest(np.eye(3, dtype=np.float32), np.array([0, 1, 0]), 1, slice(0, 3))


def test_blocks_cover_every_row_once(monkeypatch):
    monkeypatch.setattr(similar, "BLOCK", 4)
    assert [row for block in blocks(10) for row in range(10)[block]] == list(range(10))
    assert blocks(0) == []
