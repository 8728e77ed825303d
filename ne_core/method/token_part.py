"""The part of an input that its token explains, and embeddings that keep a share α of it: 1 for words, 0 for contexts.

With s = (x − μ) / σ and m_t the mean of s over the stored inputs whose token is t, shrunk by `SHRINK` pseudo-counts at
zero, the mean of all tokens:

    s − (1 − α) m_t

m_t of a token that occurs once is a small part of s, so that a rare token's input keeps most of itself.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

SHRINK = 5


@dataclass(frozen=True)
class TokenPart:
    """Mean input of each token, a row each; `row` is the row of each token of the vocabulary."""

    means: Float[np.ndarray, "n_tokens d_in"]
    row: Int[np.ndarray, " n_vocab"]

    def keep(
        self, s: Float[np.ndarray, "n d_in"], token: Int[np.ndarray, " n"], alpha: float
    ) -> Float[np.ndarray, "n d_in"]:
        """Return inputs with the share `alpha` of their tokens' parts."""
        return s - np.float32(1 - alpha) * self.means[self.row[token]]


def token_part(s: Float[np.ndarray, "n d_in"], token: Int[np.ndarray, " n"], n_vocab: int) -> TokenPart:
    """Compute the part of each token from standardised inputs. A token that none of them has gets a part of zero."""
    tokens, number = np.unique(token, return_inverse=True)
    sums = np.zeros((len(tokens) + 1, s.shape[1]), dtype=np.float32)
    order = np.argsort(number, kind="stable")
    starts = np.searchsorted(number[order], np.arange(len(tokens)))
    if len(tokens):
        sums[:-1] = np.add.reduceat(s[order], starts, axis=0)
    counts = np.bincount(number, minlength=len(tokens) + 1)[: len(tokens) + 1]
    row = np.full(n_vocab, len(tokens))
    row[tokens] = np.arange(len(tokens))
    return TokenPart(sums / (counts + SHRINK)[:, None].astype(np.float32), row)
