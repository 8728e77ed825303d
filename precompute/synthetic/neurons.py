"""Concepts that each neuron of a layer mixes, and the examples on which it fires."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from precompute.synthetic.concepts import Concepts
from precompute.synthetic.corpus import NO_CONCEPT, Corpus
from precompute.synthetic.settings import FAMILY, Settings

MIXED = (0.34, 0.24, 0.15, 0.10, 0.07, 0.05, 0.03, 0.02)  # shares of the neurons that mix 1, 2, … concepts
DEAD, RELATED = 0.02, 0.3  # shares of the neurons: without examples; with concepts of one family
STRAYS = 1.6  # mean number of examples without a concept, each a feature of its own
USUAL, SPREAD = 100, 0.75  # most examples of a usual neuron; standard deviation of the logarithm of their number
HEAVY = (250, 500)  # two heavy neurons have 1/250 and 1/500 of all rows, a fiftieth of them strays
HEAVIEST = 4096  # most examples of one neuron


@dataclass(frozen=True)
class ActivatingPositions:
    """Rows of a layer, by neuron and then by example, without duplicate examples in a neuron.

    `mixed` has the concepts of each neuron, its main one first, then NO_CONCEPT.
    """

    neuron: Int[np.ndarray, " n_rows"]
    example: Int[np.ndarray, " n_rows"]
    pos: Int[np.ndarray, " n_rows"]
    mixed: Int[np.ndarray, "n_neurons most"]


def activating_positions(
    settings: Settings, bank: Concepts, texts: Corpus, layer: int, rng: np.random.Generator
) -> ActivatingPositions:
    mixed = concepts_of(settings, bank, layer, rng)
    sizes, strays = sizes_of(settings, layer, mixed != NO_CONCEPT, rng)
    sizes = np.minimum(sizes, np.diff(texts.start)[mixed])  # a concept occurs at most once in an example
    neuron, example, pos, weight = (
        np.concatenate(parts)
        for parts in zip(concept_rows(texts, mixed, sizes, rng), stray_rows(texts, strays, rng), strict=True)
    )
    # of two rows on one example, the one of the smaller feature remains
    order = np.lexsort((weight, example, neuron))
    neuron, example, pos = neuron[order], example[order], pos[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(neuron) != 0) | (np.diff(example) != 0)
    return ActivatingPositions(neuron[first], example[first], pos[first], mixed)


def concepts_of(settings: Settings, bank: Concepts, layer: int, rng: np.random.Generator) -> np.ndarray:
    """Draw different concepts for each neuron, then NO_CONCEPT; dead neurons have none, the first one is alive."""
    n, most = settings.neurons, len(MIXED)
    present = bank.present(layer)
    share = bank.popularity[present] ** 0.5
    drawn = rng.choice(present, size=(n, most), p=share / share.sum())
    related = rng.random(n) < RELATED
    members = drawn[:, :1] // FAMILY * FAMILY + rng.permuted(np.tile(np.arange(FAMILY), (n, 1)), axis=1)
    drawn[related] = np.concatenate([members, drawn[:, FAMILY:]], axis=1)[related]
    heavy = heavy_neurons(settings).get(layer)
    if heavy is not None:
        drawn[heavy] = present[np.argsort(-bank.popularity[present], kind="stable")[:most]]
    allowed = np.isin(drawn, present) & ~repeated(drawn)
    n_concepts = 1 + rng.choice(most, size=n, p=np.array(MIXED) / sum(MIXED))
    n_concepts[1:][rng.random(n - 1) < DEAD] = 0
    if heavy is not None:
        n_concepts[heavy] = most
    return np.where(allowed & (np.cumsum(allowed, axis=1) <= n_concepts[:, None]), drawn, NO_CONCEPT)


def repeated(values: Int[np.ndarray, "n k"]) -> np.ndarray:
    """Return a mask of values that occur further left in their row."""
    return np.stack([(values[:, :k] == values[:, k : k + 1]).any(axis=1) for k in range(values.shape[1])], axis=1)


def heavy_neurons(settings: Settings) -> dict[int, int]:
    """Return the neuron with thousands of examples, by layer."""
    return {settings.layers // 3: settings.neurons // 2, 2 * settings.layers // 3: settings.neurons // 3}


def sizes_of(
    settings: Settings, layer: int, mixed_mask: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of examples of each neuron's concepts, by a power law, and the number of strays."""
    alive = mixed_mask.any(axis=1)
    strays = np.where(alive, rng.poisson(STRAYS, size=len(mixed_mask)), 0)
    total = rng.lognormal(sigma=SPREAD, size=len(mixed_mask))
    for _ in range(3):  # until the mean is right after clipping
        total = np.clip(total * (settings.rows / (settings.layers * alive.sum()) - STRAYS) / total.mean(), 1, USUAL)
    heavy = heavy_neurons(settings).get(layer)
    if heavy is not None:
        divisor = HEAVY[list(heavy_neurons(settings)).index(layer)]
        total[heavy] = min(HEAVIEST, max(settings.rows // divisor, USUAL))
        strays[heavy] = total[heavy] // 50
    weight = np.where(
        mixed_mask, (1.0 + np.arange(mixed_mask.shape[1])) ** -rng.uniform(0.3, 2.5, size=(len(mixed_mask), 1)), 0
    )
    sizes = total[:, None] * weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-9)
    return np.where(mixed_mask, np.maximum(1, np.rint(sizes)), 0).astype(np.int64), strays


def concept_rows(
    texts: Corpus, mixed: np.ndarray, sizes: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, ...]:
    """Return neuron, example, position and feature size of every row: consecutive occurrences of the concept."""
    neuron, column = np.nonzero(sizes)
    concept, size = mixed[neuron, column], sizes[neuron, column]
    count = np.diff(texts.start)[concept]
    start, step = rng.integers(count), np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    occurrence = np.repeat(texts.start[concept], size) + (np.repeat(start, size) + step) % np.repeat(count, size)
    return np.repeat(neuron, size), texts.example[occurrence], texts.pos[occurrence], np.repeat(size, size)


def stray_rows(texts: Corpus, strays: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Return the same for examples that are unrelated to the neuron: anywhere but at the start of a text."""
    neuron = np.repeat(np.arange(len(strays)), strays)
    example = rng.integers(len(texts.tokens), size=len(neuron))
    return neuron, example, rng.integers(1, texts.lengths[example]), np.ones(len(neuron), dtype=np.int64)
