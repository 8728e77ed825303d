"""The part of an input that its token explains, against the formula by hand."""

import numpy as np
import pytest

from ne_core.method.token_part import SHRINK, token_part

S = np.array([[1, 0], [3, 0], [0, 5]], dtype=np.float32)
TOKEN = np.array([2, 2, 0])


def test_part_is_the_mean_with_pseudo_counts_at_zero():
    part = token_part(S, TOKEN, 4)
    removed = S - part.keep(S, TOKEN, 0.0)
    np.testing.assert_allclose(removed, [[4 / (2 + SHRINK), 0]] * 2 + [[0, 5 / (1 + SHRINK)]], rtol=1e-6)


@pytest.mark.parametrize("alpha", [0.0, 0.2, 1.0])
def test_share_of_the_part_is_kept(alpha):
    part = token_part(S, TOKEN, 4)
    expected = alpha * S + (1 - alpha) * part.keep(S, TOKEN, 0.0)
    np.testing.assert_allclose(part.keep(S, TOKEN, alpha), expected, atol=1e-6)


def test_unknown_token_has_no_part():
    part = token_part(S, TOKEN, 4)
    np.testing.assert_array_equal(part.keep(S, np.array([1, 3, 1]), 0.0), S)


def test_inputs_that_only_their_token_explains_lose_all_but_the_pseudo_counts():
    many = np.repeat(S[:1], 1000, axis=0)
    left = token_part(many, np.zeros(1000, dtype=int), 1).keep(many, np.zeros(1000, dtype=int), 0.0)
    assert np.abs(left).max() <= SHRINK / 1000
