"""The part of an input that its token explains, against the formula by hand, and on planted senses."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from ne_core.method.token_part import SHRINK, TokenPart, token_part
from ne_core.method.trees.cluster import cut_into, similarities, tree

S = np.array([[1, 0], [3, 0], [0, 5]], dtype=np.float32)
TOKEN = np.array([2, 2, 0])


def parts(s: np.ndarray, token: np.ndarray, n_vocab: int = 4) -> TokenPart:
    """Parts of all tokens, from two blocks."""
    blocks = [(s[:1], token[:1]), (s[1:], token[1:])]
    return token_part(blocks, np.unique(token), s.shape[1], n_vocab)


def test_part_is_the_mean_with_pseudo_counts_at_zero():
    removed = S - parts(S, TOKEN).keep(S, TOKEN, 0.0)
    np.testing.assert_allclose(removed, [[4 / (2 + SHRINK), 0]] * 2 + [[0, 5 / (1 + SHRINK)]], rtol=1e-6)


@pytest.mark.parametrize("alpha", [0.0, 0.2, 1.0])
def test_share_of_the_part_is_kept(alpha):
    part = parts(S, TOKEN)
    expected = alpha * S + (1 - alpha) * part.keep(S, TOKEN, 0.0)
    np.testing.assert_allclose(part.keep(S, TOKEN, alpha), expected, atol=1e-6)


def test_other_tokens_have_no_part():
    part = token_part([(S, TOKEN)], np.array([0]), 2, 4)
    others = np.array([1, 3, 2])
    np.testing.assert_array_equal(part.keep(S, others, 0.0), S)
    np.testing.assert_array_equal(part.keep(S, np.array([0, 0, 0]), 0.0), S - np.float32([0, 5 / (1 + SHRINK)]))


def test_inputs_that_only_their_token_explains_lose_all_but_the_pseudo_counts():
    many, token = np.repeat(S[:1], 1000, axis=0), np.zeros(1000, dtype=int)
    assert np.abs(parts(many, token).keep(many, token, 0.0)).max() <= SHRINK / 1000


def test_senses_of_two_tokens_are_separated_without_their_parts():
    rng = np.random.default_rng(0)
    token, sense = np.repeat([0, 1], 40), np.tile([0, 1], 40)
    directions = np.eye(16, dtype=np.float32)
    s = 3 * directions[token] + directions[2 + sense] - directions[3 - sense] + np.float32(rng.normal(0, 0.1, (80, 16)))

    def features(alpha: float) -> np.ndarray:
        return cut_into(tree(similarities(parts(s, token).keep(s, token, alpha))), 2)

    assert adjusted_rand_score(features(1.0), token) == 1
    assert adjusted_rand_score(features(0.0), sense) == 1
