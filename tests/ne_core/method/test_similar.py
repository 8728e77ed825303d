"""Similar features, against sorting every cosine."""

import numpy as np
import pytest

from ne_core.method import similar
from ne_core.method.similar import Best, blocks, nearest, unit_nearest


def brute_force(units: np.ndarray, neuron: np.ndarray, row: int, k: int) -> list[int]:
    cosines = units @ units[row]
    return sorted(np.flatnonzero(neuron != neuron[row]).tolist(), key=lambda j: (-cosines[j], j))[:k]


@pytest.mark.parametrize("n", [30, 500, 3000])
def test_nearest_matches_brute_force(n: int, monkeypatch):
    monkeypatch.setattr(similar, "BLOCK", 77)  # neither divides n
    monkeypatch.setattr(similar, "TILE", 130)
    rng = np.random.default_rng(n)
    vectors = rng.normal(size=(n, 6)).astype(np.float32)
    neuron = np.sort(rng.integers(n // 5, size=n))
    result = nearest(vectors, neuron, 20)
    some = rng.choice(n, size=20, replace=False)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert [result.ids[i].tolist() for i in some] == [brute_force(units, neuron, i, 20) for i in some]
    np.testing.assert_allclose(result.cosines, np.einsum("nd,nkd->nk", units, units[result.ids]), atol=1e-5)


def test_nearest_of_a_neuron_with_most_features():
    neuron = np.array([0] * 300 + [1, 2])
    result = nearest(np.random.default_rng(0).normal(size=(302, 4)).astype(np.float32), neuron, 3)
    assert (np.sort(result.ids[:300, :2], axis=1) == [300, 301]).all()
    assert (result.ids[:300, 2] == -1).all()
    assert np.isnan(result.cosines[:300, 2]).all()


def test_single_neuron_has_no_similar_features():
    result = nearest(np.ones((3, 2), dtype=np.float32), np.zeros(3, dtype=int), 20)
    assert (result.ids == -1).all()
    assert np.isnan(result.cosines).all()


def test_no_features():
    assert nearest(np.zeros((0, 4), dtype=np.float32), np.zeros(0, dtype=int), 20).ids.shape == (0, 20)


@pytest.mark.parametrize("n", [5, 2000])
def test_ties_go_to_the_lower_number(n: int):
    best = Best(2, 4)
    for first in range(0, n, 100):
        best.add(np.ones((2, min(100, n - first)), dtype=np.float32), first)
    result = best.arrays()
    assert result["ids"].tolist() == [[0, 1, 2, 3]] * 2
    assert (result["cosines"] == 1).all()


@pytest.mark.parametrize("order", ["falling", "rising", "random"])
def test_best_of_columns_in_any_order(order: str):
    """Rising scores are the worst case: every tile beats those before it. Few distinct scores give many ties."""
    rng = np.random.default_rng(0)
    scores = rng.integers(90, size=(6, 700)).astype(np.float32)
    scores[rng.random(scores.shape) < 0.2] = -np.inf
    scores[0, 3:] = -np.inf  # fewer than k
    if order != "random":
        scores = np.sort(scores, axis=1) if order == "rising" else -np.sort(-scores, axis=1)
    best = Best(6, 5)
    for first in range(0, 700, 50):
        best.add(scores[:, first : first + 50], first)
    result = best.arrays()
    for row, values in enumerate(scores):
        expected = sorted(np.flatnonzero(values > -np.inf).tolist(), key=lambda j: (-values[j], j))[:5]
        assert result["ids"][row].tolist() == expected + [-1] * (5 - len(expected))
        np.testing.assert_array_equal(result["cosines"][row, : len(expected)], values[expected])


def test_unsorted_neurons_are_rejected():
    with pytest.raises(ValueError, match="sorted by neuron"):
        unit_nearest(np.eye(3, dtype=np.float32), np.array([0, 1, 0]), 1, slice(0, 3))


def test_blocks_cover_every_row_once(monkeypatch):
    monkeypatch.setattr(similar, "BLOCK", 4)
    assert [row for block in blocks(10) for row in range(10)[block]] == list(range(10))
    assert blocks(0) == []
