"""One layer: activating examples, inputs, weights and statistics that match the planted concepts.

x at a position is the direction of its concept, or part of a family's direction where there is none, plus noise; all
neurons that fire there have the same x. Activations are random, at least KEEP of the maximum.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas.inputs import input_index
from ne_core.method.layer import NeuronLayer
from precompute.steps.activating_examples import ActivatingExamples
from precompute.steps.sample import LayerStatistics, histograms, moments
from precompute.synthetic.concepts import Concepts, directions
from precompute.synthetic.corpus import NO_CONCEPT, Corpus
from precompute.synthetic.effects import logit_columns
from precompute.synthetic.neurons import ActivatingPositions, activating_positions
from precompute.synthetic.settings import Settings
from precompute.synthetic.windows import windows

KEEP = 0.75  # least share of the maximum
SAMPLED = 2048  # positions sampled for the statistics
NOISE = (0.3, 0.6)  # squared noise of x at a position with a concept, relative to the concept's 1
STRAY = 0.3  # squared part of the family in x at positions without a concept
TUNED = 0.25  # squared part of the concepts in a neuron's weights


@dataclass(frozen=True)
class PlantedLayer:
    """A planted layer. `concept` and `family` are those of each row's x; NO_CONCEPT without a concept."""

    rows: ActivatingExamples
    statistics: LayerStatistics
    logits: dict[str, np.ndarray]
    concept: Int[np.ndarray, " n_rows"]
    family: Int[np.ndarray, " n_rows"]


def plant_layer(settings: Settings, bank: Concepts, texts: Corpus, layer: int) -> PlantedLayer:
    rng = np.random.default_rng([settings.seed, 1 + layer])
    activating = activating_positions(settings, bank, texts, layer, rng)
    x_row, n_x = input_index(activating.example, activating.pos)
    first = np.empty(n_x, dtype=np.int64)
    first[x_row] = np.arange(len(x_row))
    concept = texts.concept[activating.example[first], activating.pos[first]]
    family = np.where(concept == NO_CONCEPT, rng.integers(settings.families, size=n_x), bank.family[concept])
    x = inputs(bank, layer, concept, family, rng)
    weights = NeuronLayer(
        tuned_weights(bank, layer, activating.mixed, rng), np.zeros(settings.neurons, dtype=np.float32)
    )
    maxima = rng.gamma(4, 1.2, size=settings.neurons).astype(np.float32) + 1
    counts = np.bincount(activating.neuron, minlength=settings.neurons)
    activation = activations(activating, maxima, rng)
    rows = ActivatingExamples(
        layer=layer,
        weights=weights,
        maxima=np.where(counts > 0, maxima, np.float32(-0.1)),
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        example=activating.example,
        pos=activating.pos,
        activation=activation,
        window_activations=windows(bank, texts, activating, concept[x_row], activation, rng),
        x_row=x_row,
        x=x,
    )
    effects = logit_columns(bank, activating.mixed, settings.vocab, rng)
    return PlantedLayer(rows, statistics(rows, rng), effects, concept[x_row], family[x_row])


def inputs(bank: Concepts, layer: int, concept: np.ndarray, family: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return x as float16 [n d_in], of length about √d_in, as after a normalisation."""
    n, d = len(concept), bank.direction.shape[1]
    stray = concept == NO_CONCEPT
    noise = np.sqrt(np.where(stray, 1 - STRAY, rng.uniform(*NOISE, size=n))).astype(np.float32)
    x = noise[:, None] * rng.standard_normal((n, d), dtype=np.float32)
    x += np.where(stray, np.sqrt(STRAY), 0).astype(np.float32)[:, None] * bank.family_direction[family] * np.sqrt(d)
    x[~stray] += bank.directions(layer)[concept[~stray]] * np.sqrt(d)
    return x.astype(np.float16)


def tuned_weights(
    bank: Concepts, layer: int, mixed: np.ndarray, rng: np.random.Generator
) -> Float[np.ndarray, "d_in n_neurons"]:
    """Return weights with a component along the sum of the neuron's concepts."""
    n, d = len(mixed), bank.direction.shape[1]
    with_zero = np.concatenate([bank.directions(layer), np.zeros((1, d), dtype=np.float32)])  # NO_CONCEPT is the last
    concept_part = (
        sum(with_zero[column] for column in mixed.T)
        / np.sqrt(np.maximum((mixed != NO_CONCEPT).sum(axis=1), 1))[:, None]
    )
    return np.ascontiguousarray(
        (np.sqrt(TUNED) * concept_part + np.sqrt(1 - TUNED) * directions(n, d, rng)).T.astype(np.float32)
    )


def activations(
    activating: ActivatingPositions, maxima: np.ndarray, rng: np.random.Generator
) -> Float[np.ndarray, " n_rows"]:
    """Draw activations between KEEP and 1 of the maximum."""
    return (maxima[activating.neuron] * (KEEP + (1 - KEEP) * rng.beta(1.5, 2.5, size=len(activating.neuron)))).astype(
        np.float32
    )


def statistics(rows: ActivatingExamples, rng: np.random.Generator) -> LayerStatistics:
    """Return statistics of sampled inputs, and of activations mostly just below zero."""
    mean, covariance = moments([rows.x[rng.integers(len(rows.x), size=SAMPLED)]])
    pre_activations = (
        rng.standard_normal((SAMPLED, len(rows.maxima)), dtype=np.float32) * (0.3 * np.abs(rows.maxima)) - 0.2
    )
    ends, counts = histograms(pre_activations / (1 + np.exp(-1.702 * pre_activations)))
    return LayerStatistics(mean, covariance, counts, ends)
