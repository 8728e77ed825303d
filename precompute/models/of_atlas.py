"""Open the model of an atlas: looked up by name, identified by its weights, opened with the build's settings."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ne_core.atlas import Atlas
from precompute.models.autoencoder import open_sae
from precompute.models.autoencoder.config import SaeError
from precompute.models.autoencoder.files import is_sae, sae_sha256
from precompute.models.autoencoder.located import Located, address_of, located_on_hub
from precompute.models.model_facts import SHIPPED, model_folder, weights_sha256
from precompute.models.source import Source, UnfitModelError
from precompute.models.transformer import TransformerSource, open_transformer
from precompute.models.transformer.checkpoint import downloaded

REPOSITORY = re.compile(r"\w[\w.-]{0,95}(/\w[\w.-]{0,95})?", re.ASCII)
FOLDERS = "NE_MODELS"  # the environment variable: folders of models, divided as PATH is
WHERE = f"put its folder into data/models, or into a folder that {FOLDERS} names"
UNKNOWN_WEIGHTS = "The atlas has no hash of its model’s weights: this may be another model of the same name."


class NoModelError(ValueError):
    """Raised if the model of an atlas is missing or has other weights; the message is one line, without paths."""


@dataclass(frozen=True)
class AtlasModel:
    """Model of an atlas; `notes` are sentences for the visitor on what is uncertain about it."""

    source: TransformerSource
    notes: tuple[str, ...]


def open_model_of(atlas: Atlas, device: str = "cpu", model: str | None = None) -> AtlasModel:
    """Open `model`, a folder or hub name; by default the one that is found by the manifest's name.

    Raises NoModelError for atlases of images, and if the model is missing or has other weights.
    """
    if atlas.manifest.images:
        raise NoModelError("this atlas is of images, and only language models read texts")
    model, notes = named_model(atlas, model) if model else find_model(atlas)
    try:
        source = source_of(atlas, model, device)
    except UnfitModelError as error:
        raise NoModelError(f"the model of this atlas cannot be opened: {without_paths(error, model)}") from error
    if not all(reads_as(atlas, source, layer) for layer in atlas.layers):
        raise NoModelError(other_model(atlas))
    return AtlasModel(source, notes)


def source_of(atlas: Atlas, model: str, device: str) -> TransformerSource:
    """Open the model, or its autoencoder, with the settings in the manifest."""
    manifest = atlas.manifest
    dtype = getattr(torch, dtype_of(manifest.dtype))
    if manifest.model.sae:
        try:
            return open_sae(find_sae(atlas), model, device=device, dtype=dtype)
        except SaeError as error:
            raise NoModelError(
                f"the autoencoder of this atlas cannot be opened: {without_paths(error, model)}"
            ) from error
    gated = manifest.gated_embedding or "gate"
    return open_transformer(
        model, weights=manifest.weights, gated_embedding=gated, layers=atlas.layers, device=device, dtype=dtype
    )


def dtype_of(dtype: object) -> str:
    return dtype if dtype in ("float32", "bfloat16", "float16") else "float32"


def named_model(atlas: Atlas, model: str) -> tuple[str, tuple[str, ...]]:
    """Return the given folder or hub name, and notes on what is uncertain. Raises NoModelError."""
    sha256 = known_sha256(atlas)
    if not Path(model).is_dir() and not on_hub(model):
        raise NoModelError(f"the model {shown(model)} is missing: --model is a folder or a hub name")
    if sha256 not in (None, weights_sha256(model_folder(model))):
        raise NoModelError(f"the model {shown(model)} has other weights than that of this atlas: name another --model")
    return model, () if sha256 else (UNKNOWN_WEIGHTS,)


def known_sha256(atlas: Atlas) -> str | None:
    """Return the hash of the model's weights if the manifest has one."""
    sha256 = atlas.manifest.model.sha256
    return sha256 if isinstance(sha256, str) else None


def find_model(atlas: Atlas) -> tuple[str, tuple[str, ...]]:
    """Return a folder in data/models or NE_MODELS, or a hub name, and notes on what is uncertain."""
    sha256, name = known_sha256(atlas), str(atlas.manifest.model.name)
    folders = list(folders_named(name, lambda folder: (folder / "config.json").is_file()))
    fitting = [folder for folder in folders if sha256 in (None, weights_sha256(folder))]
    notes = () if sha256 else (UNKNOWN_WEIGHTS,)
    if fitting:
        return str(fitting[0]), notes
    on_the_hub = bool(REPOSITORY.fullmatch(name)) and not Path(name).exists() and on_hub(name)
    if on_the_hub and sha256 in (None, weights_sha256(model_folder(name))):
        return name, notes
    if folders or on_the_hub:
        raise NoModelError(other_model(atlas))
    raise NoModelError(f"the model {shown(name)} of this atlas is missing: {WHERE}")


def find_sae(atlas: Atlas) -> Located:
    """Return the atlas's autoencoder, identified by its weights: a local folder, or a download of the hub's client.

    Nothing is downloaded here: the manifest of an atlas from elsewhere could name any file of the hub.
    """
    sae = atlas.manifest.model.sae
    facts = sae if isinstance(sae, dict) else {}
    name, sha256, fields = (facts.get(key) for key in ("name", "sha256", "fields"))
    fields = fields if isinstance(fields, dict) else {}
    places = [*folders_named(name, is_sae), *downloaded_saes(facts.get("source"))]
    for place in places:
        if sha256 is None or sae_sha256(place) == sha256:
            return Located(place, str(name), fields)
    if places:
        raise NoModelError(f"the autoencoder {shown(name)} here has other weights than that of this atlas: {WHERE}")
    raise NoModelError(f"the autoencoder {shown(name)} of this atlas is missing: {WHERE}")


def downloaded_saes(source: object) -> Iterator[Path]:
    """Yield the place of a dictionary in the cache of the hub's client."""
    if isinstance(source, str) and source.startswith("hf://"):
        with suppress(SaeError):
            yield located_on_hub(address_of(source), "", {}, offline=True).place


def folders_named(name: object, fits: Callable[[Path], bool]) -> Iterator[Path]:
    """Yield the folders of this name that fit. An untrusted name cannot lead out of the model folders."""
    if not (isinstance(name, str) and REPOSITORY.fullmatch(name)):
        return
    places = [SHIPPED, *(Path(each) for each in os.environ.get(FOLDERS, "").split(os.pathsep) if each)]
    for place in places:
        for under in dict.fromkeys((name, name.split("/")[-1])):
            if fits(place / under):
                yield place / under


def on_hub(name: str) -> bool:
    """Return whether the model can be downloaded from the hub, or is in its cache."""
    try:
        downloaded(name)
    except UnfitModelError:
        return False
    return True


def reads_as(atlas: Atlas, source: Source, layer: int) -> bool:
    """Return whether the model has the atlas's input weights, up to half precision."""
    ours, theirs = source.layer(layer).W_in, atlas.weights(layer).W_in
    return ours.shape == theirs.shape and np.allclose(ours, theirs, rtol=1e-2, atol=1e-3 * np.abs(ours).max())


def other_model(atlas: Atlas) -> str:
    return f"the model {shown(atlas.manifest.model.name)} here has other weights than that of this atlas: {WHERE}"


def shown(name: object) -> str:
    """Quote an untrusted name, shortened to one line."""
    return repr(str(name)[:80])


def without_paths(error: Exception, model: str) -> str:
    """First line of an error without the path of the model, for visitors."""
    line = (str(error).splitlines() or [""])[0]
    return line.replace(model, Path(model).name)
