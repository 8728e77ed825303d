"""Counts of the key tokens of each feature's examples."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int


@dataclass(frozen=True)
class KeyTokens:
    """Number of examples by feature and key token, sorted by feature, most frequent first, ties by token id."""

    feature: Int[np.ndarray, " n"]
    token: Int[np.ndarray, " n"]
    examples: Int[np.ndarray, " n"]
    n_features: int

    def most_frequent(self, k: int) -> Int[np.ndarray, "n_features {k}"]:
        return self._first(self.token, k, -1)

    def most_frequent_counts(self, k: int) -> Int[np.ndarray, "n_features {k}"]:
        return self._first(self.examples, k, 0)

    def _first(self, values: Int[np.ndarray, " n"], k: int, fill: int) -> Int[np.ndarray, "n_features {k}"]:
        rank = np.arange(len(self.feature)) - np.searchsorted(self.feature, self.feature)
        table = np.full((self.n_features, k), fill)
        table[self.feature[rank < k], rank[rank < k]] = values[rank < k]
        return table


def key_tokens(feature: Int[np.ndarray, " n"], token: Int[np.ndarray, " n"], n_features: int) -> KeyTokens:
    """Count the key tokens from the feature and key token of every row."""
    pairs, counts = np.unique(np.stack([feature, token], axis=1), axis=0, return_counts=True)
    order = np.lexsort((pairs[:, 1], -counts, pairs[:, 0]))
    return KeyTokens(pairs[order, 0], pairs[order, 1], counts[order], n_features)
