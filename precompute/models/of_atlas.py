"""The model that an atlas was made of: found by its name, known by its weights, opened as it was read then."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ne_core.atlas import Atlas
from precompute.models.autoencoder import open_sae
from precompute.models.autoencoder.config import SaeError
from precompute.models.autoencoder.files import CFG, sae_sha256
from precompute.models.model_facts import SHIPPED, model_folder, weights_sha256
from precompute.models.source import Source, UnfitModelError
from precompute.models.transformer import TransformerSource, open_transformer
from precompute.models.transformer.checkpoint import downloaded

REPOSITORY = re.compile(r"\w[\w.-]{0,95}(/\w[\w.-]{0,95})?", re.ASCII)
FOLDERS = "NE_MODELS"  # the environment variable: folders of models, divided as PATH is
WHERE = f"put its folder into data/models, or name the folder that holds it in {FOLDERS}"
UNKNOWN_WEIGHTS = "The atlas does not say by which weights its model is known: it may be another of the same name."


class NoModelError(ValueError):
    """The model of an atlas is not to be had, or is another; the message says so in one line, without paths."""


@dataclass(frozen=True)
class Opened:
    """`notes`: what is not known for certain, for a reader."""

    source: TransformerSource
    notes: tuple[str, ...]


def open_model_of(atlas: Atlas, device: str = "cpu", model: str | None = None) -> Opened:
    """Open `model`, a folder or hub name; by default the one that is found by the manifest's name.

    Raises NoModelError for atlases of images, where the model is not here, and where it is another.
    """
    if atlas.manifest.images:
        raise NoModelError("this atlas is of images: texts are read by language models alone")
    model, notes = named_model(atlas, model) if model else find_model(atlas)
    try:
        source = source_of(atlas, model, device)
    except UnfitModelError as error:
        raise NoModelError(f"the model of this atlas cannot be opened: {without_paths(error, model)}") from error
    if not all(reads_as(atlas, source, layer) for layer in atlas.layers):
        raise NoModelError(other_model(atlas))
    return Opened(source, notes)


def source_of(atlas: Atlas, model: str, device: str) -> TransformerSource:
    """As the manifest says that it was read."""
    manifest = atlas.manifest
    dtype = getattr(torch, dtype_of(manifest.dtype))
    if manifest.model.sae:
        try:
            return open_sae(str(find_sae(atlas)), model, device=device, dtype=dtype)
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
    """A folder or hub name that somebody gave, and what is not certain of it."""
    known = weights_known(atlas)
    if not Path(model).is_dir() and not on_hub(model):
        raise NoModelError(f"the model {shown(model)} is not here: name it with --model, a folder or a name of the hub")
    if known not in (None, weights_sha256(model_folder(model))):
        raise NoModelError(other_model(atlas))
    return model, () if known else (UNKNOWN_WEIGHTS,)


def weights_known(atlas: Atlas) -> str | None:
    """The hash of the model's weights, where the manifest has one."""
    known = atlas.manifest.model.sha256
    return known if isinstance(known, str) else None


def find_model(atlas: Atlas) -> tuple[str, tuple[str, ...]]:
    """A folder of data/models or NE_MODELS, or a name of the hub; and what is not certain of it."""
    known, name = weights_known(atlas), str(atlas.manifest.model.name)
    folders = list(folders_named(name, "config.json"))
    fitting = [folder for folder in folders if known in (None, weights_sha256(folder))]
    notes = () if known else (UNKNOWN_WEIGHTS,)
    if fitting:
        return str(fitting[0]), notes
    on_the_hub = bool(REPOSITORY.fullmatch(name)) and not Path(name).exists() and on_hub(name)
    if on_the_hub and known in (None, weights_sha256(model_folder(name))):
        return name, notes
    if folders or on_the_hub:
        raise NoModelError(other_model(atlas))
    raise NoModelError(f"the model {shown(name)} of this atlas is not here: {WHERE}")


def find_sae(atlas: Atlas) -> Path:
    """The folder of the atlas's autoencoder, by its weights."""
    sae = atlas.manifest.model.sae
    name, known = (sae.get("name"), sae.get("sha256")) if isinstance(sae, dict) else (None, None)
    folders = list(folders_named(name, CFG))
    for folder in folders:
        if known is None or sae_sha256(folder) == known:
            return folder
    if folders:
        raise NoModelError(f"the autoencoder {shown(name)} here is another than the atlas was made of, by its weights")
    raise NoModelError(f"the autoencoder {shown(name)} of this atlas is not here: {WHERE}")


def folders_named(name: object, file: str) -> Iterator[Path]:
    """Folders that may hold a model of that name, with such a file in it. A stranger's name never leads upwards."""
    if not (isinstance(name, str) and REPOSITORY.fullmatch(name)):
        return
    places = [SHIPPED, *(Path(each) for each in os.environ.get(FOLDERS, "").split(os.pathsep) if each)]
    for place in places:
        for under in dict.fromkeys((name, name.split("/")[-1])):
            if (place / under / file).is_file():
                yield place / under


def on_hub(name: str) -> bool:
    """Return whether the hub gives the model, or has given it before."""
    try:
        downloaded(name)
    except UnfitModelError:
        return False
    return True


def reads_as(atlas: Atlas, source: Source, layer: int) -> bool:
    """Return whether the model has the input weights that the atlas holds in half precision."""
    ours, theirs = source.layer(layer).W_in, atlas.weights(layer).W_in
    return ours.shape == theirs.shape and np.allclose(ours, theirs, rtol=1e-2, atol=1e-3 * np.abs(ours).max())


def other_model(atlas: Atlas) -> str:
    return f"the model {shown(atlas.manifest.model.name)} here is another than the atlas was made of, by its weights"


def shown(name: object) -> str:
    """A stranger's text, short and on one line."""
    return repr(str(name)[:80])


def without_paths(error: Exception, model: str) -> str:
    """Visitors read it: where a model lies on this machine is nothing to them."""
    line = (str(error).splitlines() or [""])[0]
    return line.replace(model, Path(model).name)
