"""Similar features against sorting every cosine."""

import numpy as np
import pytest

from ne_core import similar
from ne_core.similar import nearest, top


def brute_force(units: np.ndarray, neuron: np.ndarray, row: int, k: int) -> list[int]:
    cosines = units @ units[row]
    return sorted(np.flatnonzero(neuron != neuron[row]).tolist(), key=lambda j: (-cosines[j], j))[:k]


@pytest.mark.parametrize("n", [30, 500, 3000])
def test_nearest_agrees_with_brute_force(n: int, monkeypatch):
    monkeypatch.setattr(similar, "BLOCK_SCORES", 7 * n)  # blocks that do not divide n
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
    ids, values = top(np.ones((2, n), dtype=np.float32), 4)
    assert ids.tolist() == [[0, 1, 2, 3]] * 2
    assert (values == 1).all()
