"""A form in which dictionaries are published: its files, and their translation into SAELens's settings and names."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from precompute.models.autoencoder.config import SaeError
from precompute.models.autoencoder.stored import Stored, StoredTensors

MAX_BYTES = 2**22  # largest file of settings
# Trained on the Hugging Face model, whose weights nobody centred.
AS_LOADED = {"model_from_pretrained_kwargs": {"center_writing_weights": False}}
N_PARTS = 6  # parts of a path that may say what the settings do not


@dataclass(frozen=True)
class Form:
    """Files of a form, and how they are read. `place` is their folder, or the file of one layer among several.

    `settings` returns the fields of SAELens's cfg.json and the path that messages name; `tensors` the stored tensors
    by SAELens's names and their path. `names` are the names in the file where they are others. `of_one_layer`: names of
    files of one layer. `beside`: names of other files, some optional, that are read as well, by the name of the place.
    """

    name: str
    files: tuple[str, ...]
    settings: Callable[[Path], tuple[Any, Path]]
    tensors: Callable[[Path], tuple[StoredTensors, Path]]
    names: Mapping[str, str] = field(default_factory=dict)
    of_one_layer: re.Pattern | None = None
    beside: Callable[[str], tuple[str, ...]] = lambda name: ()

    def holds(self, place: Path) -> bool:
        """Return whether this place has the files of the form."""
        if self.of_one_layer is not None:
            return bool(self.of_one_layer.fullmatch(place.name)) and place.is_file()
        return all((place / name).is_file() for name in self.files)

    def paths(self, place: Path) -> list[Path]:
        """Return the files that determine the latents."""
        folder, names = (place, self.files) if self.of_one_layer is None else (place.parent, (place.name,))
        return [folder / name for name in (*names, *self.beside(place.name)) if (folder / name).is_file()]


def read_json(path: Path) -> Any:
    """Return the content of a file of settings. Raises SaeError."""
    try:
        return json.loads(short_text(path))
    except (ValueError, RecursionError) as error:
        if isinstance(error, SaeError):
            raise
        raise SaeError(f"{path}: not valid JSON") from error


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the fields of a YAML file of settings. Raises SaeError."""
    try:
        content = yaml.safe_load(short_text(path))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, SaeError):
            raise
        raise SaeError(f"{path}: not valid YAML") from error
    if not isinstance(content, dict):
        raise SaeError(f"{path}: holds no named settings")
    return content


def short_text(path: Path) -> str:
    if path.stat().st_size > MAX_BYTES:
        raise SaeError(f"{path}: longer than {MAX_BYTES:,} bytes, which is too long for settings")
    return path.read_text(encoding="utf-8")


def fields_of(path: Path) -> dict[str, Any]:
    """Return the fields of a JSON file of settings. Raises SaeError."""
    content = read_json(path)
    if not isinstance(content, dict):
        raise SaeError(f"{path}: not a JSON object")
    return content


def sides(tensors: StoredTensors, name: str, path: Path) -> tuple[int, int]:
    """Return the shape of a matrix. Raises SaeError if it is missing."""
    if name not in tensors or len(tensors[name].shape) != 2:
        raise SaeError(f"{path}: no matrix {name}, the weights of the encoder")
    return tensors[name].shape


def renamed(stored: Mapping[str, Stored], names: Mapping[str, str], transposed: tuple[str, ...]) -> dict[str, Stored]:
    """Return tensors by SAELens's names; those under unknown names keep theirs."""
    ours = {theirs: name for name, theirs in names.items()}
    result = {ours.get(name, name): tensor for name, tensor in stored.items()}
    return {name: tensor.T if name in transposed else tensor for name, tensor in result.items()}


def last_parts(place: Path) -> str:
    """Return the end of a path, which in many repositories names the model, the layer and the place in it."""
    return "/".join(place.parts[-N_PARTS:])
