"""An atlas whose layers 0 to 2 hold the same meanings in rotated coordinates; layer 3 has nothing to do with them.

Neuron j of layers 0 to 2 fires at the positions of meaning j. Neurons of layer 3 fire at the same positions in a
random order, so that it has common inputs with the others, and no meaning.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas.inputs import input_index
from ne_core.method.layer import NeuronLayer
from precompute.steps.activating_examples import ActivatingExamples
from precompute.steps.features import features_of
from precompute.steps.layer_features import Texts
from precompute.steps.sample import LayerStatistics, moments
from precompute.write.atlas import write_atlas
from tests.support.planted import (
    CUT,
    N_EXAMPLES,
    VOCAB,
    WINDOW,
    RandomTexts,
    description,
    planted_importances,
    planted_parts,
    planted_statistics,
    planted_windows,
)

D, MEANINGS, EACH, NOISE = 64, 60, 6, 0.05  # inputs, meanings of a layer, examples of each
RELATED, UNRELATED = (0, 1, 2), 3


def make_rotated_atlas(out: Path) -> Path:
    """Write the atlas to `out` with the real steps from features on."""
    rng = np.random.default_rng(0)
    corpus = RandomTexts(rng)
    layers = features_of(rotated_rows(rng, corpus), CUT)
    texts = Texts(corpus.tokens, corpus.lengths, VOCAB, WINDOW)
    importances = {layer.rows.layer: planted_importances(rng, layer) for layer in layers}
    statistics = {layer.rows.layer: own_statistics(rng, layer.rows) for layer in layers}
    described = replace(description(layers), name="rotated", default_space="aligned")
    write_atlas(out, planted_parts(rng, texts, layers, importances, statistics, described))
    return out


def rotated_rows(rng: np.random.Generator, corpus: RandomTexts) -> list[ActivatingExamples]:
    example = np.array([[(2 * m + 7 * e) % N_EXAMPLES for e in range(EACH)] for m in range(MEANINGS)])
    example.sort(axis=1)
    pos = np.array([[corpus.place(m % len(VOCAB), each) for each in row] for m, row in enumerate(example.tolist())])
    meaning = rotation(rng)[:MEANINGS]
    x = np.repeat(meaning, EACH, axis=0) + rng.normal(0, NOISE, size=(MEANINGS * EACH, D))
    layers = [rows_of(rng, corpus, layer, example.ravel(), pos.ravel(), x @ rotation(rng)) for layer in RELATED]
    order = shuffled(rng, example.ravel())
    return [*layers, rows_of(rng, corpus, UNRELATED, example.ravel()[order], pos.ravel()[order], x @ rotation(rng))]


def shuffled(rng: np.random.Generator, example: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """Positions in a random order, sorted by text within each neuron."""
    neurons = rng.permutation(len(example)).reshape(MEANINGS, EACH)
    return np.concatenate([neuron[np.argsort(example[neuron])] for neuron in neurons])


def rotation(rng: np.random.Generator) -> Float[np.ndarray, "d d"]:
    return np.linalg.qr(rng.normal(size=(D, D)))[0]


def rows_of(
    rng: np.random.Generator,
    corpus: RandomTexts,
    layer: int,
    example: Int[np.ndarray, " n"],
    pos: Int[np.ndarray, " n"],
    x: Float[np.ndarray, "n d"],
) -> ActivatingExamples:
    """Rows of MEANINGS neurons with EACH examples; the neurons of a layer are apart in `x`, row by row."""
    activation, (x_row, _) = rng.uniform(3.1, 4, size=len(x)), input_index(example, pos)
    W_in = rng.uniform(0.8, 1.2, size=(D, MEANINGS)).astype(np.float32)
    return ActivatingExamples(
        layer=layer,
        weights=NeuronLayer(W_in, np.zeros(MEANINGS, dtype=np.float32)),
        maxima=np.full(MEANINGS, 4, dtype=np.float32),
        offsets=np.arange(MEANINGS + 1) * EACH,
        example=example,
        pos=pos,
        activation=activation.astype(np.float32),
        window_activations=planted_windows(rng, corpus, example, pos, activation),
        x_row=x_row,
        x=x[np.argsort(x_row)].astype(np.float16),
    )


def own_statistics(rng: np.random.Generator, rows: ActivatingExamples) -> LayerStatistics:
    """Statistics whose moments are those of the layer's own inputs."""
    mean, covariance = moments([rows.x])
    return replace(planted_statistics(rng, rows), input_mean=mean, input_covariance=covariance)
