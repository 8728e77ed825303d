"""Windows of tokens around a position, by hand."""

import numpy as np

from ne_core.text.windows import Window

TOKENS = np.arange(12).reshape(2, 6)


def test_window_inside_its_example():
    window = Window(back=2, forward=1)
    assert (window.size, window.key) == (3, 1)
    result = window.slice(TOKENS, np.array([6, 6]), np.array([1]), np.array([3]), -1)
    assert result.tolist() == [[8, 9, 10]]


def test_positions_outside_the_example_are_filled():
    window = Window(back=3, forward=2)
    result = window.slice(TOKENS, np.array([6, 4]), np.array([0, 1, 1]), np.array([0, 3, 1]), -1)
    assert result.tolist() == [[-1, -1, 0, 1, 2], [7, 8, 9, -1, -1], [-1, 6, 7, 8, 9]]


def test_window_of_the_key_token_alone():
    assert Window(1, 0).slice(TOKENS, np.array([6, 6]), np.array([0]), np.array([5]), -1).tolist() == [[5]]


def test_no_windows():
    none = np.zeros(0, dtype=int)
    assert Window(3, 2).slice(TOKENS, np.array([6, 6]), none, none, -1).shape == (0, 5)


def test_floats_keep_their_type():
    values = np.ones((1, 4), dtype=np.float32)
    assert Window(2, 2).slice(values, np.array([4]), np.array([0]), np.array([3]), np.nan).dtype == np.float32
