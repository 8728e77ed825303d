"""How an atlas names its layers, neurons, features and spaces: by numbers, by its layers’ names, in its vocabulary."""

from ne_core.atlas.manifest import Manifest
from ne_core.method.similar import SPACES
from ne_core.refs import FeatureRef, NeuronRef
from ne_core.text.token_text import short


def layer_name(manifest: Manifest, layer: int) -> str:
    """“Layer 3”, or its name, which is a stranger's text made visible."""
    if manifest.layer_names is None:
        return f"Layer {layer}"
    return short(manifest.layer_names[manifest.layers.index(layer)])


def layer_mark(manifest: Manifest, layer: int) -> str:
    """“3” where layers have numbers alone, else the name: under a column, in a list to choose from."""
    return str(layer) if manifest.layer_names is None else layer_name(manifest, layer)


def layer_marks(manifest: Manifest) -> list[str]:
    """Of all layers, in order."""
    return [layer_mark(manifest, layer) for layer in manifest.layers]


def unit_title(manifest: Manifest, ref: NeuronRef) -> str:
    """“Layer 3 · Neuron 17”, “standard SAE · Latent 17”."""
    return f"{layer_name(manifest, ref.layer)} · {manifest.vocabulary.Unit} {ref.neuron}"


def ref_name(manifest: Manifest, ref: NeuronRef | FeatureRef) -> str:
    """“L3 N17 F2”, or where layers have names “standard SAE 17 F2”."""
    if manifest.layer_names is None:
        return str(ref)
    feature = f" F{ref.feature}" if isinstance(ref, FeatureRef) else ""
    return f"{layer_name(manifest, ref.layer)} {ref.neuron}{feature}"


def space_title(manifest: Manifest, space: str) -> str:
    """“Neuron embedding”, “Pre-MLP embedding”, “Whitened”."""
    words = manifest.vocabulary
    titles = {
        "neuron": "Neuron embedding",
        "pre_mlp": words.pre_mlp_title,
        "neuron_centred": f"{words.Unit} centred",
        "neuron_whitened": f"{words.Unit} whitened",
    }
    return titles.get(space, space.capitalize())


def embeddings_name(manifest: Manifest, space: str) -> str:
    """“neuron embeddings”, “pre-MLP embeddings”: a space in which features are compared."""
    return {"neuron": "neuron embeddings", "pre_mlp": f"{manifest.vocabulary.pre_mlp}s"}[space]


def embeddings_formula(manifest: Manifest, space: str) -> str:
    """“neuron embeddings, x ⊙ W_in”."""
    return f"{embeddings_name(manifest, space)}, {SPACES[space]}"
