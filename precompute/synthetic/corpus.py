"""Texts of made-up words with concepts: a key token near the end of a slot, context tokens before it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from precompute.synthetic.concepts import CONTEXT, KEY_SHARES, Concepts
from precompute.synthetic.settings import Settings
from precompute.synthetic.words import frequencies

SLOT, KEY, CONTEXTS = 8, 6, (2, 4)  # tokens of a slot; positions in it of the key token and the context tokens
SHORT = 0.1  # share of examples that end early
NO_CONCEPT = -1


@dataclass(frozen=True)
class Corpus:
    """`concept` is the concept of every key token, NO_CONCEPT elsewhere.

    Concept c occurs at `example[start[c]:start[c + 1]]` and `pos[…]`, in random order, at most once in an example.
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
    slots = mixed_concepts(bank, n, n_slots, rng)
    tokens[:, key_pos] = bank.keys[slots, np.searchsorted(KEY_SHARES, rng.random(slots.shape))]
    for distance in (KEY - position for position in CONTEXTS):
        tokens[:, key_pos - distance] = bank.context[slots, rng.integers(CONTEXT, size=slots.shape)]
    inside = np.arange(n_ctx) < lengths[:, None]
    concept = np.full((n, n_ctx), NO_CONCEPT, dtype=np.int32)
    concept[:, key_pos] = slots
    concept[~inside], tokens[~inside] = NO_CONCEPT, 0
    return Corpus(tokens, lengths, concept, *occurrences(concept, len(bank), rng))


def filler(settings: Settings, rng: np.random.Generator) -> Int[np.ndarray, "n_examples n_ctx"]:
    """Draw tokens by their frequencies."""
    ends = np.cumsum(frequencies(settings.vocab))
    numbers = np.searchsorted(ends, rng.random((settings.examples, settings.context)), side="right")
    return np.minimum(numbers, settings.vocab - 1).astype(np.int32)


def mixed_concepts(bank: Concepts, n: int, n_slots: int, rng: np.random.Generator) -> Int[np.ndarray, "n n_slots"]:
    """Draw different concepts for each example, weighted by popularity: the first to arrive at exponential rates."""
    drawn = np.empty((n, n_slots), dtype=np.int32)
    rates = bank.popularity.astype(np.float32)
    for example in range(n):
        waits = rng.standard_exponential(len(rates), dtype=np.float32) / rates
        drawn[example] = rng.permutation(np.argpartition(waits, n_slots)[:n_slots])
    return drawn


def occurrences(
    concept: Int[np.ndarray, "n n_ctx"], n_concepts: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return example and position of every key token by concept, and where each concept starts."""
    order = rng.permutation(len(concept))
    example, pos = np.nonzero(concept[order] != NO_CONCEPT)
    example = order[example]
    concepts = concept[example, pos]
    order_by_concept = np.argsort(concepts, kind="stable")
    return (
        example[order_by_concept],
        pos[order_by_concept],
        np.searchsorted(concepts[order_by_concept], np.arange(n_concepts + 1)),
    )
