"""The atlas on disk: schema, opening, checks. Start with `Atlas.open`."""

from ne_core.atlas.data import AtlasData, LayerFiles, Neuron
from ne_core.atlas.opening import Atlas
from ne_core.refs import FeatureRef, NeuronRef

__all__ = ["Atlas", "AtlasData", "FeatureRef", "LayerFiles", "Neuron", "NeuronRef"]
