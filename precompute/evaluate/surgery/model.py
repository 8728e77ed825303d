"""Load the model of an atlas with the settings of its build."""

import numpy as np

from ne_core.atlas import Atlas
from ne_core.errors import AtlasError
from precompute.models.model_facts import model_folder, shipped_model, weights_sha256
from precompute.models.source import UnfitModelError
from precompute.models.transformer import TransformerSource, open_transformer


def load_model(atlas: Atlas, model: str | None) -> TransformerSource:
    """Load `model`, a folder or hub name; by default the manifest's model, from data/models/ if it is there."""
    manifest = atlas.manifest
    if manifest.images or manifest.model.sae:
        raise AtlasError(f"surgery runs a transformer: {atlas.root} is not an atlas of a transformer's own neurons")
    if not manifest.inputs:
        raise AtlasError(f"{atlas.root} holds no inputs of its examples: build it again with --inputs yes")
    model = model or str(shipped_model(atlas) or manifest.model.name)
    gated_embedding = manifest.gated_embedding or "gate"
    try:
        source = open_transformer(
            model, weights=manifest.weights, gated_embedding=gated_embedding, layers=atlas.layers, device="auto"
        )
    except UnfitModelError as error:
        raise AtlasError(f"surgery needs the model of {atlas.root}: name it with --model ({error})") from error
    check_same(atlas, source, model)
    return source


def check_same(atlas: Atlas, source: TransformerSource, model: str) -> None:
    """Raise AtlasError unless the model has the weights that the atlas was built from."""
    same_hash = weights_sha256(model_folder(model)) == atlas.manifest.model.sha256
    if not (same_hash and all(same_weights(atlas, source, layer) for layer in atlas.layers)):
        raise AtlasError(
            f"{model} is not the model of {atlas.root}, its weights differ: name the right one with --model"
        )


def same_weights(atlas: Atlas, source: TransformerSource, layer: int) -> bool:
    """True if the model's input weights equal the atlas's, up to half precision."""
    ours, theirs = source.layer(layer).W_in, atlas.weights(layer).W_in
    return ours.shape == theirs.shape and np.allclose(ours, theirs, rtol=1e-2, atol=1e-3 * np.abs(ours).max())
