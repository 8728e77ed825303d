"""Distribution of the activations of examples, by hand."""

import numpy as np

from ne_core.queries.activations import example_histogram


def test_counts_by_hand():
    histogram = example_histogram(np.array([1, 1.1, 2, 3, 5]), n_bins=4)
    assert (histogram.low, histogram.high) == (1, 5)
    assert histogram.counts.tolist() == [2, 1, 1, 1]
    assert histogram.edges.tolist() == [1, 2, 3, 4, 5]


def test_equal_activations_have_one_bin_of_some_width():
    histogram = example_histogram(np.array([2.5, 2.5], dtype=np.float16))
    assert histogram.counts.tolist() == [2]
    assert histogram.low == 2.5 < histogram.high


def test_activations_that_are_not_finite_are_left_out():
    assert example_histogram(np.array([np.nan, np.inf])) is None
    assert example_histogram(np.zeros(0)) is None
    assert example_histogram(np.array([1, np.nan, 2]), n_bins=2).counts.tolist() == [1, 1]
