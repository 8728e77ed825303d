"""One layer: rows, inputs, weights and statistics that agree with what was planted.

x at a position is the direction of the concept that stands there, or loosely a family's where none does, with noise of
its own; whichever neurons fire there see the same x. Activations are made up, at least `keep` of the maximum.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas.inputs import places
from ne_core.method.layer import NeuronLayer
from precompute.steps.activating_examples import ActivatingExamples
from precompute.steps.sample import LayerStatistics, histograms, moments
from precompute.synthetic.around import windows
from precompute.synthetic.concepts import Concepts, directions
from precompute.synthetic.corpus import NOBODY, Corpus
from precompute.synthetic.effects import logit_columns
from precompute.synthetic.neurons import Fired, fired
from precompute.synthetic.settings import Settings

KEEP = 0.75  # share of the maximum that a row reaches
SAMPLED = 2048  # positions of the sample behind the statistics
NOISE = (0.3, 0.6)  # of x at a position with a concept: its square, beside the concept's 1
STRAY = 0.3  # square of the family's part of x where no concept stands
TUNED = 0.25  # square of the concepts' part of a neuron's weights


@dataclass(frozen=True)
class Planted:
    """A layer as it was made. `concept` and `family` say of which x is at each row, NOBODY of no concept."""

    rows: ActivatingExamples
    statistics: LayerStatistics
    logits: dict[str, np.ndarray]
    concept: Int[np.ndarray, " n_rows"]
    family: Int[np.ndarray, " n_rows"]


def planted(settings: Settings, bank: Concepts, texts: Corpus, layer: int) -> Planted:
    rng = np.random.default_rng([settings.seed, 1 + layer])
    found = fired(settings, bank, texts, layer, rng)
    x_row, n_x = places(found.example, found.pos)
    first = np.empty(n_x, dtype=np.int64)
    first[x_row] = np.arange(len(x_row))
    concept = texts.concept[found.example[first], found.pos[first]]
    family = np.where(concept == NOBODY, rng.integers(settings.families, size=n_x), bank.family[concept])
    x = inputs(bank, layer, concept, family, rng)
    weights = NeuronLayer(tuned(bank, layer, found.mixed, rng), np.zeros(settings.neurons, dtype=np.float32))
    maxima = rng.gamma(4, 1.2, size=settings.neurons).astype(np.float32) + 1
    counts = np.bincount(found.neuron, minlength=settings.neurons)
    activation = activations(found, maxima, rng)
    rows = ActivatingExamples(
        layer=layer,
        weights=weights,
        maxima=np.where(counts > 0, maxima, np.float32(-0.1)),
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        example=found.example,
        pos=found.pos,
        activation=activation,
        window_activations=windows(bank, texts, found, concept[x_row], activation, rng),
        x_row=x_row,
        x=x,
    )
    effects = logit_columns(bank, found.mixed, settings.vocab, rng)
    return Planted(rows, statistics(rows, rng), effects, concept[x_row], family[x_row])


def inputs(bank: Concepts, layer: int, concept: np.ndarray, family: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """float16 [n d_in], of length √d_in or somewhat more, as behind a normalisation."""
    n, d = len(concept), bank.direction.shape[1]
    stray = concept == NOBODY
    noise = np.sqrt(np.where(stray, 1 - STRAY, rng.uniform(*NOISE, size=n))).astype(np.float32)
    x = noise[:, None] * rng.standard_normal((n, d), dtype=np.float32)
    x += np.where(stray, np.sqrt(STRAY), 0).astype(np.float32)[:, None] * bank.family_direction[family] * np.sqrt(d)
    x[~stray] += bank.directions(layer)[concept[~stray]] * np.sqrt(d)
    return x.astype(np.float16)


def tuned(
    bank: Concepts, layer: int, mixed: np.ndarray, rng: np.random.Generator
) -> Float[np.ndarray, "d_in n_neurons"]:
    """Weights that lie in part along the sum of the neuron's concepts."""
    n, d = len(mixed), bank.direction.shape[1]
    every = np.concatenate([bank.directions(layer), np.zeros((1, d), dtype=np.float32)])  # NOBODY is the last
    along = sum(every[column] for column in mixed.T) / np.sqrt(np.maximum((mixed != NOBODY).sum(axis=1), 1))[:, None]
    return np.ascontiguousarray(
        (np.sqrt(TUNED) * along + np.sqrt(1 - TUNED) * directions(n, d, rng)).T.astype(np.float32)
    )


def activations(found: Fired, maxima: np.ndarray, rng: np.random.Generator) -> Float[np.ndarray, " n_rows"]:
    """Between KEEP of the maximum and all of it."""
    return (maxima[found.neuron] * (KEEP + (1 - KEEP) * rng.beta(1.5, 2.5, size=len(found.neuron)))).astype(np.float32)


def statistics(rows: ActivatingExamples, rng: np.random.Generator) -> LayerStatistics:
    """Of a sample of the rows' inputs, and of activations that are mostly slightly below zero."""
    mean, covariance = moments([rows.x[rng.integers(len(rows.x), size=SAMPLED)]])
    before = rng.standard_normal((SAMPLED, len(rows.maxima)), dtype=np.float32) * (0.3 * np.abs(rows.maxima)) - 0.2
    ends, counts = histograms(before / (1 + np.exp(-1.702 * before)))
    return LayerStatistics(mean, covariance, counts, ends)
