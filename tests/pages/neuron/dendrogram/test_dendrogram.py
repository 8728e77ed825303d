"""Positions of leaves and branch points, compared with scipy's dendrogram and with the features of a cut."""

import os
import shutil

import numpy as np
import pytest
from scipy.cluster import hierarchy

from ne_core.atlas import Atlas
from ne_core.method.trees.cluster import cut, similarities, tree
from ne_core.method.trees.dendrogram import dendrogram, node_features
from ne_core.refs import NeuronRef
from pages.components.neuron.dendrogram.dendrogram import drawn_tree


def random_tree(n: int, seed: int = 0) -> np.ndarray:
    return tree(similarities(np.random.default_rng(seed).normal(size=(n, 5))))


def test_one_example_is_one_leaf():
    layout = dendrogram(np.zeros((0, 4), dtype=np.float32))
    assert layout.order.tolist() == [0]
    assert layout.height.tolist() == [0]


@pytest.mark.parametrize("n", [2, 3, 40])
def test_positions_match_scipy(n):
    """scipy draws leaves at x = 5, 15, 25 …"""
    linkage = random_tree(n)
    layout = dendrogram(linkage)
    ours_first = np.hstack([layout.children, linkage[:, 2:]]).astype(float)
    theirs = hierarchy.dendrogram(ours_first, no_plot=True)
    assert layout.order.tolist() == theirs["leaves"]
    arms = {tuple(sorted(((x[0] - 5) / 10, (x[2] - 5) / 10))) for x in theirs["icoord"]}
    assert {tuple(sorted(layout.x[pair].tolist())) for pair in layout.children} == arms
    assert np.allclose(sorted(layout.height[n:]), sorted(y[1] for y in theirs["dcoord"]))


def test_larger_child_is_on_the_left():
    linkage = random_tree(40)
    sizes = np.concatenate([np.ones(40), linkage[:, 3]])
    assert all(sizes[left] >= sizes[right] for left, right in dendrogram(linkage).children)


def test_features_are_contiguous_runs_of_leaves():
    linkage = random_tree(40, seed=1)
    features = cut(linkage, 0.8)
    along = features[dendrogram(linkage).order]
    assert 1 + (np.diff(along) != 0).sum() == features.max() + 1


def test_branches_below_the_cut_have_the_feature_of_their_leaves():
    linkage, distance = random_tree(30, seed=2), 0.7
    inside = node_features(linkage, cut(linkage, distance), distance)
    for k, (left, right, height, _) in enumerate(linkage):
        if height <= distance:
            assert inside[30 + k] == inside[int(left)] == inside[int(right)]
        else:
            assert inside[30 + k] == -1


def test_chain_of_maximal_depth():
    n = 3000
    chain = np.array([[0, 1, 0.1, 2]] + [[n + k, k + 2, 0.1 + k / n, k + 3] for k in range(n - 2)])
    assert sorted(dendrogram(chain).order) == list(range(n))


def test_key_of_the_tree_changes_when_the_atlas_is_rebuilt(tiny_atlas, tmp_path):
    atlas, keys = Atlas.open(shutil.copytree(tiny_atlas, tmp_path / "atlas")), []
    for written in (1, 1, 2):
        os.utime(atlas.root / "manifest.json", ns=(0, written))
        keys.append(drawn_tree(atlas, 0, 2, "neuron", atlas.neuron(NeuronRef(0, 2)))["key"])
    assert keys[0] == keys[1] != keys[2]
