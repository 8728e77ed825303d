"""Colours of nodes: by hand, at the atlas's cut, and when the cut moves past one branch point."""

from itertools import pairwise

import numpy as np
import pytest

from ne_core.method.trees.cluster import cut, similarities, tree
from ne_core.method.trees.node_colours import feature_colours, node_colours
from ne_core.method.trees.nodes import feature_nodes, rows_below

BY_HAND = np.array([[0, 1, 0.1, 2], [3, 4, 0.2, 2], [5, 2, 0.3, 3], [7, 6, 0.4, 5]], dtype=np.float32)


def random_tree(n: int, seed: int) -> np.ndarray:
    return tree(similarities(np.random.default_rng(seed).normal(size=(n, 4))))


def features_of(linkage: np.ndarray, distance: float) -> dict[tuple[int, ...], int]:
    """Members of each feature at a cut, with its colour at the atlas's cut of 0.6."""
    features = cut(linkage, distance)
    colours = feature_colours(linkage, features, distance, 0.6).tolist()
    rows = rows_below(linkage, feature_nodes(linkage, features, distance).tolist())
    return {tuple(members.tolist()): colour for members, colour in zip(rows, colours, strict=True)}


def test_by_hand():
    """Features {0, 1, 2} and {3, 4}; example 4 leaves the second at 0.2, example 1 the first at 0.1."""
    assert node_colours(BY_HAND, 0.35).tolist() == [0, 4, 2, 1, 3, 0, 1, 0, 0]


def test_one_example():
    assert node_colours(np.zeros((0, 4), dtype=np.float32), 0.5).tolist() == [0]


@pytest.mark.parametrize("seed", range(5))
def test_colours_are_the_numbers_of_features_at_the_atlas_cut(seed):
    linkage = random_tree(60, seed)
    features = cut(linkage, 0.6)
    numbers = {tuple(np.flatnonzero(features == f)): f for f in range(features.max() + 1)}
    assert features_of(linkage, 0.6) == numbers
    nodes = feature_nodes(linkage, features, 0.6)
    assert node_colours(linkage, 0.6)[nodes].tolist() == list(range(len(numbers)))


@pytest.mark.parametrize("seed", range(5))
def test_one_step_of_the_cut_recolours_at_most_the_features_involved(seed):
    """A feature in which others are joined has the colour of the largest; all others keep theirs."""
    linkage = random_tree(60, seed)
    heights = [0.0, *np.unique(linkage[:, 2]).tolist()]
    for low, high in pairwise(heights):
        before, after = features_of(linkage, low), features_of(linkage, high)
        assert len(set(after.values())) == len(after)
        for rows, colour in after.items():
            parts = [members for members in before if set(members) <= set(rows)]
            largest = max(parts, key=lambda members: (len(members), -min(members)))
            assert colour == before[largest]


def test_more_than_two_joined_at_one_height_keep_one_of_their_colours():
    linkage = np.array([[0, 1, 0.3, 2], [4, 2, 0.3, 3], [5, 3, 0.9, 4]], dtype=np.float32)
    colours = node_colours(linkage, 0.1)
    assert colours[5] == colours[0]
