"""An interpolated trigram model: a baseline that predicts the next token from counts alone.

    p(w | u v) = a[b] p3(w | u v) + (1 - a[b]) (c[d] p2(w | v) + (1 - c[d]) (e p1(w) + (1 - e) / V))

Jelinek-Mercer: p3, p2 and p1 are relative frequencies. The weights a and c depend on the count of the context
(buckets b and d: 0, 1, 2-3, 4-7, ...) and are fitted by EM on tokens that were not counted.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Integer

N_BUCKETS = 24
EM_ROUNDS = 50


@dataclass(frozen=True)
class Counts:
    """Number of occurrences of each run of tokens, as sorted codes."""

    codes: Int[np.ndarray, " n_runs"]
    n: Int[np.ndarray, " n_runs"]

    def lookup(self, codes: Int[np.ndarray, " m"]) -> Int[np.ndarray, " m"]:
        """Count of each code; 0 for an unknown code."""
        index = np.minimum(np.searchsorted(self.codes, codes), len(self.codes) - 1)
        return np.where(self.codes[index] == codes, self.n[index], 0)


@dataclass(frozen=True)
class Weights:
    trigram: Float[np.ndarray, " n_buckets"]
    bigram: Float[np.ndarray, " n_buckets"]
    unigram: Float[np.ndarray, " 1"]


@dataclass(frozen=True)
class Evidence:
    """Relative frequencies and context buckets of every predicted token."""

    p3: Float[np.ndarray, " m"]
    p2: Float[np.ndarray, " m"]
    p1: Float[np.ndarray, " m"]
    uniform: float
    bucket3: Int[np.ndarray, " m"]
    bucket2: Int[np.ndarray, " m"]


class Trigram:
    """Trigram model of a training stream: `fit` sets the weights, `probabilities` applies it to another stream."""

    def __init__(self, train: Integer[np.ndarray, " n_tokens"], vocab_size: int):
        self.vocab_size = vocab_size
        self.runs = [_counts(_codes(train, order, vocab_size)) for order in (1, 2, 3)]
        # contexts are counted without the stream's last token, which has no successor
        self.contexts = [_counts(_codes(train[:-1], order, vocab_size)) for order in (1, 2)]
        self.n_train = len(train)
        self.weights: Weights | None = None

    def fit(self, tune: Integer[np.ndarray, " n_tokens"]) -> "Trigram":
        evidence = self._evidence(tune)
        weights = Weights(np.full(N_BUCKETS, 0.5), np.full(N_BUCKETS, 0.5), np.full(1, 0.9))
        for _ in range(EM_ROUNDS):
            weights = _em_round(evidence, weights)
        self.weights = weights
        return self

    def probabilities(self, stream: Integer[np.ndarray, " n_tokens"]) -> Float[np.ndarray, " n_tokens-2"]:
        """Probability of every token from the third on, given the two before it."""
        if self.weights is None:
            raise ValueError("the trigram model has no weights yet: call fit(tune) with tokens that it has not counted")
        return _mixtures(self._evidence(stream), self.weights)[0]

    def _evidence(self, stream: Integer[np.ndarray, " n_tokens"]) -> Evidence:
        one, two, three = (_codes(stream, order, self.vocab_size) for order in (1, 2, 3))
        n_bigram_context, n_trigram_context = self.contexts[0].lookup(one[1:-1]), self.contexts[1].lookup(two[:-1])
        return Evidence(
            p3=self.runs[2].lookup(three) / np.maximum(n_trigram_context, 1),
            p2=self.runs[1].lookup(two[1:]) / np.maximum(n_bigram_context, 1),
            p1=self.runs[0].lookup(one[2:]) / self.n_train,
            uniform=1 / self.vocab_size,
            bucket3=_buckets(n_trigram_context),
            bucket2=_buckets(n_bigram_context),
        )


def _codes(stream: Integer[np.ndarray, " n_tokens"], order: int, vocab_size: int) -> Int[np.ndarray, " m"]:
    """Encode every run of `order` tokens as one number."""
    codes = np.zeros(max(len(stream) - order + 1, 0), dtype=np.int64)
    for i in range(order):
        codes = codes * vocab_size + stream[i : len(stream) - order + 1 + i]
    return codes


def _counts(codes: Int[np.ndarray, " m"]) -> Counts:
    values, n = np.unique(codes, return_counts=True)
    return Counts(values, n)


def _buckets(n: Int[np.ndarray, " m"]) -> Int[np.ndarray, " m"]:
    """Bucket of a context count: 0 for an unknown context, then one bucket for every doubling."""
    return np.minimum(np.ceil(np.log2(n + 1)).astype(np.int64), N_BUCKETS - 1)


def _mixtures(evidence: Evidence, weights: Weights) -> tuple[Float[np.ndarray, " m"], ...]:
    """Interpolated trigram, bigram and unigram probabilities."""
    # an unknown context has no frequencies: all its weight goes to the shorter one
    a = np.where(evidence.bucket3 > 0, weights.trigram[evidence.bucket3], 0.0)
    c = np.where(evidence.bucket2 > 0, weights.bigram[evidence.bucket2], 0.0)
    unigram = weights.unigram * evidence.p1 + (1 - weights.unigram) * evidence.uniform
    bigram = c * evidence.p2 + (1 - c) * unigram
    return a * evidence.p3 + (1 - a) * bigram, bigram, unigram


def _em_round(evidence: Evidence, weights: Weights) -> Weights:
    """Run one EM round: each weight becomes the share of its tokens that its own frequencies explain."""
    trigram, bigram, unigram = _mixtures(evidence, weights)
    by_trigram = weights.trigram[evidence.bucket3] * evidence.p3 / trigram
    below = 1 - by_trigram
    by_bigram = below * weights.bigram[evidence.bucket2] * evidence.p2 / bigram
    by_shorter = below - by_bigram
    by_unigram = by_shorter * weights.unigram * evidence.p1 / unigram
    return Weights(
        trigram=_share(by_trigram, np.ones_like(below), evidence.bucket3, N_BUCKETS),
        bigram=_share(by_bigram, below, evidence.bucket2, N_BUCKETS),
        unigram=_share(by_unigram, by_shorter, np.zeros_like(evidence.bucket3), n_buckets=1),
    )


def _share(
    part: Float[np.ndarray, " m"], whole: Float[np.ndarray, " m"], bucket: Int[np.ndarray, " m"], n_buckets: int
) -> Float[np.ndarray, " n_buckets"]:
    # one token more than counted: no weight becomes 1, so no token becomes impossible
    return np.bincount(bucket, part, n_buckets) / (np.bincount(bucket, whole, n_buckets) + 1)
