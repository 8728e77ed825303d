"""Layout of the map: forces compared with sums over all pairs, planted groups, few features, reproducible bytes."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from precompute.steps.layout import layout
from precompute.steps.layout.forces import Springs, repulsion_exact
from precompute.steps.layout.graph import weights
from precompute.steps.layout.grid import repulsion_grid
from precompute.steps.layout.start import start

K = 8


def groups(n_groups: int, size: int, stray: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return similar features and cosines, mostly within groups with a share of strays, and each feature's group."""
    rng, n = np.random.default_rng(0), n_groups * size
    number = np.arange(n)[:, None]
    others = rng.permuted(np.tile(np.arange(1, size), (n, 1)), axis=1)[:, :K]
    ids = number // size * size + (number + others) % size
    astray = rng.random((n, K)) < stray
    ids[astray] = rng.integers(n, size=astray.sum())
    return ids.astype(np.int32), rng.random((n, K)).astype(np.float32), np.arange(n) // size


def nearest(points: np.ndarray, k: int) -> np.ndarray:
    distances = ((points[:, None] - points) ** 2).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    return distances.argsort(axis=1)[:, :k]


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_layout_of_few_features(n):
    ids = np.full((n, K), -1, dtype=np.int32)
    for i in range(n):
        ids[i, : n - 1] = [other for other in range(n) if other != i]
    points = layout(ids, np.where(ids >= 0, 0.5, np.nan).astype(np.float16), seed=0)
    assert points.shape == (n, 2)
    assert np.isfinite(points).all()
    assert len(np.unique(points, axis=0)) == n


@pytest.mark.parametrize("n", [50, pytest.param(1500, marks=pytest.mark.slow)])
def test_unconnected_features_stay_within_bounds(n):
    points = layout(np.full((n, K), -1, np.int32), np.full((n, K), np.nan, np.float32), seed=0)
    assert np.abs(points).max() < 20 * np.sqrt(n)
    assert len(np.unique(points, axis=0)) == n


def test_weights_by_hand():
    """Use distances .1 and .3, mean .1 beyond the nearest: e^0 and e^−2; the others have one similar feature each."""
    ids = np.array([[1, 2], [0, -1], [0, -1]], dtype=np.int32)
    graph = weights(ids, np.array([[0.9, 0.7], [0.9, np.nan], [0.7, np.nan]], dtype=np.float32)).toarray()
    near = 1 / (1 + np.exp(-2))
    expected = np.array([[0, (near + 1) / 2, (2 - near) / 2], [(near + 1) / 2, 0, 0], [(2 - near) / 2, 0, 0]])
    np.testing.assert_allclose(graph, expected, rtol=1e-5)


def test_attraction_matches_all_pairs():
    rng = np.random.default_rng(0)
    graph = weights(*groups(6, 20, 0.2)[:2])
    points = rng.normal(0, 3, size=(120, 2)).astype(np.float32)
    steps = points - points[:, None]
    q = 1 / (1 + (steps**2).sum(axis=2))
    expected = np.einsum("ij,ijc->ic", graph.toarray() * q, steps)
    np.testing.assert_allclose(Springs.of(graph).pull(points), expected, atol=1e-5)


@pytest.mark.parametrize("width", [1.0, 10.0, 40.0])
def test_grid_repulsion_matches_all_pairs(width):
    points = np.random.default_rng(0).normal(0, width, size=(800, 2)).astype(np.float32)
    (force, total), (grid_force, sum_of_q) = repulsion_exact(points), repulsion_grid(points)
    assert np.linalg.norm(grid_force - force) < 0.06 * np.linalg.norm(force)
    assert sum_of_q == pytest.approx(total, rel=0.02)


def test_two_components_are_separated():
    ids, cosines, group = groups(2, 60, 0.0)
    points = layout(ids, cosines, seed=0)
    centres = np.array([points[group == each].mean(axis=0) for each in (0, 1)])
    to_own, to_other = (np.linalg.norm(points - centres[g], axis=1) for g in (group, 1 - group))
    assert (to_own < to_other).all()
    assert np.linalg.norm(centres[0] - centres[1]) > 2 * to_own.mean()


@pytest.mark.parametrize("size", [20, pytest.param(40, marks=pytest.mark.slow)])
def test_planted_groups_are_close(size):
    """Test exact forces (below a thousand features) and the grid."""
    ids, cosines, group = groups(30, size, 0.1)
    points = layout(ids, cosines, seed=0)
    graph = weights(ids, cosines)
    after, at_start = (
        (group[nearest(each, 10)] == group[:, None]).mean() for each in (points, start(graph, np.random.default_rng(0)))
    )
    assert after > 0.95
    assert after > at_start + 0.1


@pytest.mark.slow
def test_layout_is_reproducible_in_another_process():
    code = (
        "import hashlib; from tests.precompute.steps.test_layout import groups, layout;"
        "print(hashlib.sha256(layout(*groups(30, 40, 0.1)[:2], seed=3).tobytes()).hexdigest())"
    )
    hash_in_process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    here = layout(*groups(30, 40, 0.1)[:2], seed=3)
    assert hashlib.sha256(here.tobytes()).hexdigest() == hash_in_process
    assert not np.array_equal(here, layout(*groups(30, 40, 0.1)[:2], seed=4))


def test_progress_ends_at_its_total():
    progress = []
    layout(*groups(2, 10, 0.0)[:2], seed=0, on_progress=lambda done, total: progress.append((done, total)))
    assert progress[-1] == (len(progress), len(progress))
