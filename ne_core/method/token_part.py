"""The part of an input that its token explains, and embeddings that keep a share α of it: 1 for words, 0 for senses.

With s = (x − μ) / σ and m the mean of s over stored inputs with the same token, shrunk by `SHRINK` pseudo-counts at
zero, the mean of all tokens:

    s − (1 − α) m

m of a token that occurs once is a small part of s, so that a rare token's input keeps most of itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

SHRINK = 5
SHARES = {"token_half": 0.5, "token_fifth": 0.2, "token_free": 0.0}  # embeddings by name, and their α
FORMULAS = {name: f"(x − μ) / σ − {1 - share:g} m" for name, share in SHARES.items()}
CUT = 0.85  # default cut: about as many features as `standardised` has at its own, on the demo atlas


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


def token_part(
    blocks: Iterable[tuple[np.ndarray, np.ndarray]],
    tokens: Int[np.ndarray, " n_tokens"],
    d_in: int,
    n_vocab: int,
) -> TokenPart:
    """Compute the parts of distinct `tokens` from blocks: standardised inputs [n d_in] and their tokens [n].

    A token that none of the inputs has, or that is not among `tokens`, gets a part of zero.
    """
    row = np.full(n_vocab, len(tokens))
    row[tokens] = np.arange(len(tokens))
    sums, counts = np.zeros((len(tokens) + 1, d_in), dtype=np.float32), np.zeros(len(tokens) + 1)
    for s, token in blocks:
        np.add.at(sums, row[token], s)
        counts += np.bincount(row[token], minlength=len(counts))
    sums[-1] = 0
    return TokenPart(sums / np.float32(counts + SHRINK)[:, None], row)
