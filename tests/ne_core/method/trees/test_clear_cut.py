"""The suggested cut: planted clusters with and without a wide gap, and trees without a clear cut."""

import numpy as np
import pytest

from ne_core.method.trees.clear_cut import SHARES, clear_cut, suggested_cut
from ne_core.method.trees.cluster import cut, similarities, tree
from ne_core.method.trees.nodes import features_at_cuts
from tests.ne_core.method.trees.test_nodes import BY_HAND, NO_TREE, planted

SHARE = SHARES["standardised"]


def chain(*heights: float) -> np.ndarray:
    """A tree in which each branch point adds one example, at these heights."""
    n = len(heights) + 1
    rows = [[0 if i == 0 else n + i - 1, i + 1, height, i + 2] for i, height in enumerate(heights)]
    return np.array(rows, dtype=np.float32)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sizes", [[24], [10, 10], [12, 5, 4], [8, 8, 8, 8, 8]])
def test_planted_clusters_are_recovered(sizes: list[int], seed: int):
    embeddings, truth = planted(sizes, seed) if len(sizes) > 1 else (near_one_direction(sizes[0], seed), np.zeros(24))
    linkage = tree(similarities(embeddings))
    labels = cut(linkage, clear_cut(linkage, 1.0, SHARE))
    np.testing.assert_array_equal(labels[:, None] == labels, truth[:, None] == truth)


def near_one_direction(n: int, seed: int) -> np.ndarray:
    return np.eye(8)[0] + 0.1 * np.random.default_rng(seed).normal(size=(n, 8))


def test_wide_gap_is_cut_in_its_middle():
    assert clear_cut(BY_HAND, 1.0, SHARE) == pytest.approx(0.55)  # 0.2 to 0.9
    assert clear_cut(BY_HAND, 0.6, SHARE) == pytest.approx(0.4)  # 0.2 to the background


def test_without_a_wide_gap_the_cut_is_a_share_of_the_background():
    linkage = chain(*np.linspace(0.1, 0.99, 20))
    assert clear_cut(linkage, 1.0, 0.9) == 0.9
    assert clear_cut(linkage, 1.0, 0.8) == 0.8


def test_cut_beside_many_branch_points_is_not_clear():
    """Moved by 0.01, the cut makes four features of one."""
    linkage = chain(*np.linspace(0.1, 0.9, 9), 0.933, 0.935, 0.945)
    assert features_at_cuts(linkage, np.array([0.93, 0.95])).tolist() == [4, 1]
    assert clear_cut(linkage, 1.0, SHARE) is None
    assert clear_cut(linkage, 1.0, 0.97) == 0.97


def test_nearly_as_many_features_as_examples_are_not_suggested():
    assert clear_cut(chain(*np.linspace(0.96, 0.99, 9)), 1.0, SHARE) is None


@pytest.mark.parametrize("background", [np.nan, 0.0, -0.1])
def test_no_suggestion_without_a_background(background):
    assert clear_cut(BY_HAND, background, SHARE) is None
    assert clear_cut(NO_TREE, 1.0, SHARE) is None


def test_suggestion_in_calibrated_embeddings_only():
    assert suggested_cut(BY_HAND, 1.0, "standardised") == clear_cut(BY_HAND, 1.0, SHARE)
    assert suggested_cut(BY_HAND, 1.0, "neuron") is None
