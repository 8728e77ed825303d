"""Alignment of the layers of a build, from the inputs of their activating examples."""

from collections.abc import Mapping, Sequence

from ne_core.method.alignment import Aligner, LayerInputs, aligners
from ne_core.method.embeddings import Embedder
from precompute.run.mapped import release_pages
from precompute.steps.index import space_shape
from precompute.steps.layer_features import LayerFeatures


def layer_aligners(layers: Sequence[LayerFeatures], embedders: Mapping[int, Embedder]) -> dict[int, Aligner]:
    """Align the layers; return the aligner of each. Raises IndexingError if layers differ in width."""
    space_shape(layers)
    rows = [layer.rows for layer in layers]
    inputs = [LayerInputs.of(each.example, each.pos, each.x, embedders[each.layer]) for each in rows]
    by_layer = {layer.rows.layer: each for layer, each in zip(layers, aligners(inputs), strict=True)}
    for layer in layers:
        release_pages(layer.rows.x)
    return by_layer
