"""Nodes as clusters, against pairs of embeddings and cuts by hand; gaps, against planted truth."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.cluster.hierarchy import cophenet
from scipy.spatial.distance import squareform

from ne_core.method.measures import feature_distances
from ne_core.method.trees.cluster import central_examples, cut, members, merge_central, similarities, tree
from ne_core.method.trees.nodes import (
    feature_nodes,
    features_at_cuts,
    gap_below,
    inner_distances,
    join_heights,
    lifetimes,
    node_heights,
    node_rows,
    parent_heights,
    rows_below,
    widest_gap,
)

NO_TREE = np.zeros((0, 4), dtype=np.float32)
# Examples 0 and 2 meet at 0.1, 1 and 3 at 0.2, all at 0.9.
BY_HAND = np.array([[0, 2, 0.1, 2], [1, 3, 0.2, 2], [4, 5, 0.9, 4]], dtype=np.float32)


def test_features_at_cuts_by_hand():
    assert features_at_cuts(BY_HAND, np.array([0, 0.1, 0.15, 0.5, 0.9])).tolist() == [4, 3, 3, 2, 1]
    assert features_at_cuts(NO_TREE, np.array([0.5])).tolist() == [1]


def planted(sizes: list[int], seed: int, noise: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings around directions at right angles, and the direction of each."""
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    return np.eye(len(sizes))[truth] + noise * rng.normal(size=(len(truth), len(sizes))), truth


def random_tree(n: int, seed: int) -> np.ndarray:
    return tree(similarities(np.random.default_rng(seed).normal(size=(n, 5))))


def test_tree_of_one_example():
    assert node_rows(NO_TREE, 0).tolist() == [0]
    assert np.isnan(inner_distances(NO_TREE)).tolist() == [True]
    assert lifetimes(NO_TREE).tolist() == [np.inf]
    assert feature_nodes(NO_TREE, np.array([0]), 0.5).tolist() == [0]
    assert widest_gap(NO_TREE) is None


def test_heights_and_distances_by_hand():
    assert node_rows(BY_HAND, 4).tolist() == [0, 2]
    assert node_heights(BY_HAND)[4:] == pytest.approx([0.1, 0.2, 0.9])
    assert parent_heights(BY_HAND) == pytest.approx([0.1, 0.2, 0.1, 0.2, 0.9, 0.9, np.inf])
    assert lifetimes(BY_HAND) == pytest.approx([0.1, 0.2, 0.1, 0.2, 0.8, 0.7, np.inf])
    assert inner_distances(BY_HAND)[4:] == pytest.approx([0.1, 0.2, (0.1 + 0.2 + 4 * 0.9) / 6])
    assert widest_gap(BY_HAND) == pytest.approx(0.55)


@pytest.mark.parametrize("seed", range(3))
def test_rows_of_every_node(seed: int):
    linkage = random_tree(30, seed)
    assert [node_rows(linkage, i).tolist() for i in range(30)] == [[i] for i in range(30)]
    below = [np.flatnonzero(row).tolist() for row in members(linkage)]
    assert [rows.tolist() for rows in rows_below(linkage, [58, 3, 30])] == [below[28], [3], below[0]]
    assert [node_rows(linkage, 30 + k).tolist() for k in range(29)] == below


@pytest.mark.parametrize("seed", range(3))
def test_inner_distances_are_means_over_pairs(seed: int):
    cosines = similarities(np.random.default_rng(seed).normal(size=(25, 5)))
    linkage = tree(cosines)
    for node, value in enumerate(inner_distances(linkage)[25:], start=25):
        rows = node_rows(linkage, node)
        pairs = (1 - cosines)[np.ix_(rows, rows)][np.triu_indices(len(rows), 1)]
        assert value == pytest.approx(pairs.mean(), abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("distance", [0.0, 0.3, 0.7, 2.0])
def test_feature_nodes_hold_the_features_of_a_cut(seed: int, distance: float):
    cosines = similarities(np.random.default_rng(seed).normal(size=(25, 5)))
    linkage = tree(cosines)
    features, centres = cut(linkage, distance), merge_central(linkage, cosines)
    top = feature_nodes(linkage, features, distance)
    for feature, node in enumerate(top.tolist()):
        assert node_rows(linkage, node).tolist() == np.flatnonzero(features == feature).tolist()
    np.testing.assert_allclose(inner_distances(linkage)[top], feature_distances(linkage, distance))
    central = [node if node < 25 else centres[node - 25] for node in top]
    assert central == central_examples(linkage, centres, distance).tolist()
    assert (node_heights(linkage)[top] <= np.float32(distance)).all()
    assert (parent_heights(linkage)[top] > distance).all()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("sizes", [[10, 10], [12, 5, 4], [30, 3], [8, 8, 8, 8, 8]])
def test_gap_below_the_background_recovers_planted_clusters(sizes: list[int], seed: int):
    embeddings, truth = planted(sizes, seed)
    linkage = tree(similarities(embeddings))
    labels = cut(linkage, gap_below(linkage, 1.0))
    np.testing.assert_array_equal(labels[:, None] == labels, truth[:, None] == truth)


@pytest.mark.parametrize("seed", range(5))
def test_widest_gap_matches_brute_force(seed: int):
    """Try every cut between two branch points."""
    linkage = random_tree(21, seed)
    heights = linkage[:, 2].astype(float)
    tried = [(high - low, (low + high) / 2) for low, high in pairwise(heights)]
    allowed = [each for each in tried if 2 <= cut(linkage, each[1]).max() + 1 <= 10.5]
    assert widest_gap(linkage) == pytest.approx(max(allowed)[1])


def test_no_gap():
    assert widest_gap(random_tree(3, 0)) is None
    assert widest_gap(tree(np.ones((6, 6), dtype=np.float32))) is None
    assert gap_below(NO_TREE, 1.0) is None


@pytest.mark.parametrize("seed", range(3))
def test_gap_of_one_planted_cluster_is_above_it(seed: int):
    """Plant one cluster: it must not be split, wherever its gaps are."""
    embeddings = np.eye(8)[0] + 0.1 * np.random.default_rng(seed).normal(size=(20, 8))
    linkage = tree(similarities(embeddings))
    assert cut(linkage, gap_below(linkage, 1.0)).max() == 0
    assert cut(linkage, widest_gap(linkage)).max() > 0


def test_no_gap_if_all_distances_exceed_the_background():
    linkage = random_tree(12, 0)
    assert gap_below(linkage, float(linkage[0, 2]) / 2) is None


def test_join_heights_by_hand():
    assert join_heights(BY_HAND, 0) == pytest.approx([0, 0.9, 0.1, 0.9])
    assert join_heights(BY_HAND, 3) == pytest.approx([0.9, 0.2, 0.9, 0])
    assert join_heights(NO_TREE, 0).tolist() == [0]


@pytest.mark.parametrize("seed", range(3))
def test_join_heights_are_cophenetic_distances(seed: int):
    linkage = random_tree(30, seed)
    distances = squareform(cophenet(linkage.astype(np.float64)))
    for row in range(30):
        np.testing.assert_array_equal(join_heights(linkage, row), distances[row])
