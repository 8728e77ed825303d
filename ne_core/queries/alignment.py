"""Aligners of the layers of an atlas, which bring any input into the space `aligned`.

align = atlas_aligners(atlas)
align[3](atlas.neuron_inputs(NeuronRef(3, 17)))   # [n d_in]
"""

from ne_core.atlas import Atlas
from ne_core.method.alignment import Aligner, LayerInputs, aligners


def atlas_aligners(atlas: Atlas) -> dict[int, Aligner]:
    """Align the layers again as the build did. Raises AtlasError for an atlas without inputs."""
    return dict(zip(atlas.layers, aligners([layer_inputs(atlas, layer) for layer in atlas.layers]), strict=True))


def layer_inputs(atlas: Atlas, layer: int) -> LayerInputs:
    """Return the inputs of a layer with their positions."""
    inputs = atlas.layer_inputs(layer)
    return LayerInputs.of(inputs.example, inputs.pos, inputs.x, atlas.embedder(layer))
