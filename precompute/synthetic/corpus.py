"""Texts of made-up words in which concepts turn up: a key token near the end of a slot, context before it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from precompute.synthetic.concepts import CONTEXT, KEY_SHARES, Concepts
from precompute.synthetic.settings import Settings
from precompute.synthetic.words import frequencies

SLOT, KEY, CONTEXTS = 8, 6, (2, 4)  # tokens of a slot; where in it the key token and the context tokens stand
SHORT = 0.1  # share of the examples that end early
NOBODY = -1


@dataclass(frozen=True)
class Corpus:
    """`concept` names the concept of every key token, NOBODY elsewhere.

    Concept c turns up at `example[start[c]:start[c + 1]]` and `pos[…]`, in an order of its own, once in an example.
    """

    tokens: Int[np.ndarray, "n_examples n_ctx"]
    lengths: Int[np.ndarray, " n_examples"]
    concept: Int[np.ndarray, "n_examples n_ctx"]
    example: Int[np.ndarray, " n"]
    pos: Int[np.ndarray, " n"]
    start: Int[np.ndarray, " n_starts"]


def corpus(settings: Settings, bank: Concepts, rng: np.random.Generator) -> Corpus:
    n, n_ctx = settings.examples, settings.context
    n_slots = min((n_ctx - 1) // SLOT, len(bank) // 2)
    tokens = filler(settings, rng)
    lengths = np.where(rng.random(n) < SHORT, 1 + SLOT * rng.integers(1, n_slots + 1, size=n), n_ctx).astype(np.int32)
    key_pos = 1 + SLOT * np.arange(n_slots) + KEY
    there = mixed(bank, n, n_slots, rng)
    tokens[:, key_pos] = bank.keys[there, np.searchsorted(KEY_SHARES, rng.random(there.shape))]
    for before in (KEY - at for at in CONTEXTS):
        tokens[:, key_pos - before] = bank.context[there, rng.integers(CONTEXT, size=there.shape)]
    inside = np.arange(n_ctx) < lengths[:, None]
    concept = np.full((n, n_ctx), NOBODY, dtype=np.int32)
    concept[:, key_pos] = there
    concept[~inside], tokens[~inside] = NOBODY, 0
    return Corpus(tokens, lengths, concept, *turning_up(concept, len(bank), rng))


def filler(settings: Settings, rng: np.random.Generator) -> Int[np.ndarray, "n_examples n_ctx"]:
    """Tokens by their frequencies alone."""
    ends = np.cumsum(frequencies(settings.vocab))
    drawn = np.searchsorted(ends, rng.random((settings.examples, settings.context)), side="right")
    return np.minimum(drawn, settings.vocab - 1).astype(np.int32)


def mixed(bank: Concepts, n: int, n_slots: int, rng: np.random.Generator) -> Int[np.ndarray, "n n_slots"]:
    """Different concepts for each example, popular ones in more: those that come first when each has a rate to come."""
    chosen = np.empty((n, n_slots), dtype=np.int32)
    rates = bank.popularity.astype(np.float32)
    for example in range(n):
        waits = rng.standard_exponential(len(rates), dtype=np.float32) / rates
        chosen[example] = rng.permutation(np.argpartition(waits, n_slots)[:n_slots])
    return chosen


def turning_up(
    concept: Int[np.ndarray, "n n_ctx"], n_concepts: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Example and position of every key token by concept, and where each concept's begin."""
    order = rng.permutation(len(concept))
    example, pos = np.nonzero(concept[order] != NOBODY)
    example = order[example]
    of = concept[example, pos]
    by = np.argsort(of, kind="stable")
    return example[by], pos[by], np.searchsorted(of[by], np.arange(n_concepts + 1))
