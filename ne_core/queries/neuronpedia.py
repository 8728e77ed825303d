"""Addresses of the same neuron on Neuronpedia, for models of which it shows MLP neurons.

There a neuron is /MODEL/LAYER/NEURON, where the source of a layer's MLP neurons is the layer's number alone.
"""

from dataclasses import dataclass

from ne_core.atlas.manifest import Manifest
from ne_core.refs import NeuronRef

SITE = "https://www.neuronpedia.org"


@dataclass(frozen=True)
class NeuronpediaModel:
    """A model there: its id, and the shape by which an atlas of another model with its name is told apart."""

    id: str
    n_layers: int
    n_neurons: int
    d_in: int


GPT2_SMALL = NeuronpediaModel("gpt2-small", 12, 3072, 768)
MODELS = {"gpt2": GPT2_SMALL, "gpt2-small": GPT2_SMALL, "openai-community/gpt2": GPT2_SMALL}  # by names in atlases


def neuronpedia_href(manifest: Manifest, ref: NeuronRef) -> str | None:
    """Address of a neuron on Neuronpedia; None unless the atlas is of raw MLP neurons of one of MODELS."""
    model = model_there(manifest)
    return f"{SITE}/{model.id}/{ref.layer}/{ref.neuron}" if model else None


def model_there(manifest: Manifest) -> NeuronpediaModel | None:
    """Return the model on Neuronpedia whose MLP neurons the atlas has; None for any other atlas."""
    name, is_latent = manifest.model.name, manifest.units != "neurons" or manifest.model.sae is not None
    model = MODELS.get(name) if isinstance(name, str) and not (is_latent or manifest.images) else None
    return model if model and has_shape(manifest, model) else None


def has_shape(manifest: Manifest, model: NeuronpediaModel) -> bool:
    """True if the layers of an atlas are layers of the model."""
    layers_fit = max(manifest.layers, default=0) < model.n_layers
    return layers_fit and {*manifest.n_neurons} <= {model.n_neurons} and {*manifest.d_in} <= {model.d_in}
