"""The model that an atlas was made of, opened as it was read then."""

from ne_core.atlas import Atlas
from ne_core.errors import AtlasError
from precompute.models.model_facts import model_folder, shipped_model, weights_sha256
from precompute.models.of_atlas import reads_as
from precompute.models.source import UnfitModelError
from precompute.models.transformer import TransformerSource, open_transformer


def opened_model(atlas: Atlas, model: str | None) -> TransformerSource:
    """`model` is a folder or a hub name; unless told, what the manifest names, from data/models/ if it is there."""
    manifest = atlas.manifest
    if manifest.images or manifest.model.sae:
        raise AtlasError(f"surgery runs a transformer on: {atlas.root} is not an atlas of a transformer's own neurons")
    if not manifest.inputs:
        raise AtlasError(f"{atlas.root} holds no inputs of its examples: build it again with --inputs yes")
    model = model or str(shipped_model(atlas) or manifest.model.name)
    gated_embedding = manifest.gated_embedding or "gate"
    try:
        source = open_transformer(
            model, weights=manifest.weights, gated_embedding=gated_embedding, layers=atlas.layers, device="auto"
        )
    except UnfitModelError as error:
        raise AtlasError(f"surgery needs the model of {atlas.root}, named with --model: {error}") from error
    check_same(atlas, source, model)
    return source


def check_same(atlas: Atlas, source: TransformerSource, model: str) -> None:
    """Other weights would answer for neurons that are not the atlas's."""
    known = weights_sha256(model_folder(model)) == atlas.manifest.model.sha256
    if not (known and all(reads_as(atlas, source, layer) for layer in atlas.layers)):
        raise AtlasError(
            f"{model} is not the model that {atlas.root} was made of, by its weights: name that one with --model"
        )
