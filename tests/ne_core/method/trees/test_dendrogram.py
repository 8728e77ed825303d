"""A tree over some of the examples."""

import numpy as np

from ne_core.method.trees.cluster import similarities, tree
from ne_core.method.trees.dendrogram import induced
from ne_core.method.trees.nodes import join_heights


def test_one_example_has_no_joins():
    linkage = tree(similarities(np.eye(3, dtype=np.float32)))
    assert induced(linkage, np.array([1])).shape == (0, 4)


def test_some_examples_join_where_they_join_in_the_whole_tree():
    points = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    linkage, rows = tree(similarities(points)), np.array([3, 31, 8, 0, 22, 17])
    part = induced(linkage, rows)
    assert part[-1, 3] == len(rows)
    for i, row in enumerate(rows.tolist()):
        assert np.array_equal(join_heights(part, i), join_heights(linkage, row)[rows])
