"""Names of layers, neurons, features and spaces, from numbers, layer names and the vocabulary of an atlas."""

from ne_core.atlas.manifest import Manifest
from ne_core.method.embeddings import EMBEDDINGS
from ne_core.method.similar import SPACES
from ne_core.method.token_part import FORMULAS
from ne_core.refs import FeatureRef, NeuronRef
from ne_core.text.token_text import short


def layer_name(manifest: Manifest, layer: int) -> str:
    """Name of a layer: “Layer 3”, or its own name, an untrusted text made visible."""
    if manifest.layer_names is None:
        return f"Layer {layer}"
    return short(manifest.layer_names[manifest.layers.index(layer)])


def layer_mark(manifest: Manifest, layer: int) -> str:
    """Short name of a layer for axes and lists: “3”, or its own name."""
    return str(layer) if manifest.layer_names is None else layer_name(manifest, layer)


def layer_marks(manifest: Manifest) -> list[str]:
    """Short names of all layers, in order."""
    return [layer_mark(manifest, layer) for layer in manifest.layers]


def unit_title(manifest: Manifest, ref: NeuronRef) -> str:
    """Title of a neuron: “Layer 3 · Neuron 17”, “standard SAE · Latent 17”."""
    return f"{layer_name(manifest, ref.layer)} · {manifest.vocabulary.Unit} {ref.neuron}"


def ref_name(manifest: Manifest, ref: NeuronRef | FeatureRef) -> str:
    """Name of a neuron or feature: “L3 N17 F2”, or “standard SAE 17 F2” if layers have names."""
    if manifest.layer_names is None:
        return str(ref)
    feature = f" F{ref.feature}" if isinstance(ref, FeatureRef) else ""
    return f"{layer_name(manifest, ref.layer)} {ref.neuron}{feature}"


def space_title(manifest: Manifest, space: str) -> str:
    """Title of a space: “Neuron embedding”, “Pre-MLP embedding”, “Whitened”."""
    words = manifest.vocabulary
    titles = {
        "neuron": "Neuron embedding",
        "pre_mlp": words.pre_mlp_title,
        "aligned": "Aligned layers",
        "neuron_centred": f"{words.Unit} centred",
        "neuron_whitened": f"{words.Unit} whitened",
        "token_half": "Half of the token’s part",
        "token_fifth": "A fifth of the token’s part",
        "token_free": "Without the token’s part",
    }
    return titles.get(space, space.capitalize())


def space_formula(manifest: Manifest, space: str) -> str:
    """Title and formula of a space: “Neuron embedding, x ⊙ w”, “Standardised, (x − μ) / σ”."""
    return f"{space_title(manifest, space)}, {formula(space)}"


def formula(space: str) -> str:
    """Formula of an embedding; m is the mean input of its token."""
    return EMBEDDINGS.get(space) or FORMULAS[space]


def embeddings_name(manifest: Manifest, space: str) -> str:
    """Name of a space in which features are compared: “neuron embeddings”, “pre-MLP embeddings”."""
    return f"{manifest.vocabulary.pre_mlp}s" if space == "pre_mlp" else f"{space} embeddings"


def embeddings_formula(manifest: Manifest, space: str) -> str:
    """Name and formula of a space: “neuron embeddings, x ⊙ W_in”."""
    return f"{embeddings_name(manifest, space)}, {SPACES[space]}"
