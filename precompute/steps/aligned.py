"""Alignment of the layers of a build, from the inputs of their activating examples."""

from collections.abc import Mapping, Sequence

import numpy as np

from ne_core.method.alignment import Aligner, LayerInputs, aligners, position_number
from ne_core.method.embeddings import Embedder
from precompute.run.mapped import release_pages
from precompute.steps.activating_examples import ActivatingExamples
from precompute.steps.index import space_shape
from precompute.steps.layer_features import LayerFeatures


def layer_aligners(layers: Sequence[LayerFeatures], embedders: Mapping[int, Embedder]) -> dict[int, Aligner]:
    """Align the layers; return the aligner of each. Raises IndexingError if layers differ in width."""
    space_shape(layers)
    inputs = [layer_inputs(layer.rows, embedders[layer.rows.layer]) for layer in layers]
    by_layer = {layer.rows.layer: each for layer, each in zip(layers, aligners(inputs), strict=True)}
    for layer in layers:
        release_pages(layer.rows.x)
    return by_layer


def layer_inputs(rows: ActivatingExamples, embedder: Embedder) -> LayerInputs:
    """Inputs of a layer with their positions: x is sorted by position and holds each once."""
    return LayerInputs(np.unique(position_number(rows.example, rows.pos)), rows.x, embedder)
