"""Which concepts each neuron of a layer mixes, and on which examples it fires."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from precompute.synthetic.concepts import Concepts
from precompute.synthetic.corpus import NOBODY, Corpus
from precompute.synthetic.settings import FAMILY, Settings

MIXED = (0.34, 0.24, 0.15, 0.10, 0.07, 0.05, 0.03, 0.02)  # shares of the neurons that mix 1, 2, … concepts
DEAD, RELATED = 0.02, 0.3  # shares of the neurons: without examples; with concepts of one family
STRAYS = 1.6  # mean number of examples of no concept, each of which is a feature of its own
USUAL, SPREAD = 100, 0.75  # most examples of a usual neuron; spread of the logarithm of their number
HEAVY = (250, 500)  # one neuron has this part of all rows, another this, and a fiftieth of them are strays
HEAVIEST = 4096  # most examples of one neuron


@dataclass(frozen=True)
class Fired:
    """The rows of a layer, by neuron and then by example, no example twice in a neuron.

    `mixed` holds the concepts of each neuron, its main one first, NOBODY after the last.
    """

    neuron: Int[np.ndarray, " n_rows"]
    example: Int[np.ndarray, " n_rows"]
    pos: Int[np.ndarray, " n_rows"]
    mixed: Int[np.ndarray, "n_neurons most"]


def fired(settings: Settings, bank: Concepts, texts: Corpus, layer: int, rng: np.random.Generator) -> Fired:
    mixed = concepts_of(settings, bank, layer, rng)
    sizes, strays = sizes_of(settings, layer, mixed != NOBODY, rng)
    sizes = np.minimum(sizes, np.diff(texts.start)[mixed])  # a concept turns up at most once in an example
    neuron, example, pos, weight = (
        np.concatenate(parts)
        for parts in zip(of_concepts(texts, mixed, sizes, rng), of_strays(texts, strays, rng), strict=True)
    )
    # of two rows on one example that of the smaller feature stays
    order = np.lexsort((weight, example, neuron))
    neuron, example, pos = neuron[order], example[order], pos[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(neuron) != 0) | (np.diff(example) != 0)
    return Fired(neuron[first], example[first], pos[first], mixed)


def concepts_of(settings: Settings, bank: Concepts, layer: int, rng: np.random.Generator) -> np.ndarray:
    """Different ones for each neuron, then NOBODY. Dead neurons have none; the first of a layer lives."""
    n, most = settings.neurons, len(MIXED)
    living = bank.living(layer)
    share = bank.popularity[living] ** 0.5
    drawn = rng.choice(living, size=(n, most), p=share / share.sum())
    related = rng.random(n) < RELATED
    members = drawn[:, :1] // FAMILY * FAMILY + rng.permuted(np.tile(np.arange(FAMILY), (n, 1)), axis=1)
    drawn[related] = np.concatenate([members, drawn[:, FAMILY:]], axis=1)[related]
    heavy = heavy_neurons(settings).get(layer)
    if heavy is not None:
        drawn[heavy] = living[np.argsort(-bank.popularity[living], kind="stable")[:most]]
    there = np.isin(drawn, living) & ~repeated(drawn)
    wanted = 1 + rng.choice(most, size=n, p=np.array(MIXED) / sum(MIXED))
    wanted[1:][rng.random(n - 1) < DEAD] = 0
    if heavy is not None:
        wanted[heavy] = most
    return np.where(there & (np.cumsum(there, axis=1) <= wanted[:, None]), drawn, NOBODY)


def repeated(values: Int[np.ndarray, "n k"]) -> np.ndarray:
    """Whether a value stands further left in its row."""
    return np.stack([(values[:, :k] == values[:, k : k + 1]).any(axis=1) for k in range(values.shape[1])], axis=1)


def heavy_neurons(settings: Settings) -> dict[int, int]:
    """By layer, the neuron with thousands of examples."""
    return {settings.layers // 3: settings.neurons // 2, 2 * settings.layers // 3: settings.neurons // 3}


def sizes_of(
    settings: Settings, layer: int, there: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """How many examples each neuron has of each of its concepts, falling by a power of its own; and how many strays."""
    alive = there.any(axis=1)
    strays = np.where(alive, rng.poisson(STRAYS, size=len(there)), 0)
    total = rng.lognormal(sigma=SPREAD, size=len(there))
    for _ in range(3):  # until the mean is right with the ends cut off
        total = np.clip(total * (settings.rows / (settings.layers * alive.sum()) - STRAYS) / total.mean(), 1, USUAL)
    heavy = heavy_neurons(settings).get(layer)
    if heavy is not None:
        part = HEAVY[list(heavy_neurons(settings)).index(layer)]
        total[heavy] = min(HEAVIEST, max(settings.rows // part, USUAL))
        strays[heavy] = total[heavy] // 50
    weight = np.where(there, (1.0 + np.arange(there.shape[1])) ** -rng.uniform(0.3, 2.5, size=(len(there), 1)), 0)
    sizes = total[:, None] * weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-9)
    return np.where(there, np.maximum(1, np.rint(sizes)), 0).astype(np.int64), strays


def of_concepts(
    texts: Corpus, mixed: np.ndarray, sizes: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, ...]:
    """Neuron, example, position and size of its feature, of every row: some of the concept's turns in a row."""
    neuron, column = np.nonzero(sizes)
    concept, size = mixed[neuron, column], sizes[neuron, column]
    count = np.diff(texts.start)[concept]
    from_, step = rng.integers(count), np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    turn = np.repeat(texts.start[concept], size) + (np.repeat(from_, size) + step) % np.repeat(count, size)
    return np.repeat(neuron, size), texts.example[turn], texts.pos[turn], np.repeat(size, size)


def of_strays(texts: Corpus, strays: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """The same of examples that have nothing to do with the neuron: anywhere but at the start of a text."""
    neuron = np.repeat(np.arange(len(strays)), strays)
    example = rng.integers(len(texts.tokens), size=len(neuron))
    return neuron, example, rng.integers(1, texts.lengths[example]), np.ones(len(neuron), dtype=np.int64)
