"""Read a dictionary in any supported form; write one as SAELens does.

All files are data: nothing in them is executed.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor

from ne_core.atlas.file_hash import file_sha256
from precompute.models.autoencoder.config import SaeConfig, SaeError, parse_config
from precompute.models.autoencoder.forms import FORMS, SAELENS, Form
from precompute.models.autoencoder.forms.saelens import CFG, WEIGHTS
from precompute.models.autoencoder.weights import read_weights

EXPECTED = "expected a folder with " + ", or ".join(f"{' and '.join(form.files)} ({form.name})" for form in FORMS[:5])


def read_sae(place: Path, added: Mapping | None = None) -> tuple[SaeConfig, dict[str, Tensor]]:
    """Return the config and the float32 weights by name. Raises SaeError if files are missing or invalid.

    `added` are fields that the settings lack or have otherwise, as in SAELens's table of releases.
    """
    form, place = form_of(place)
    fields, path = form.settings(place)
    config = parse_config({**fields, **(added or {})} if isinstance(fields, dict) else fields, str(path))
    tensors, path = form.tensors(place)
    return config, read_weights(tensors, config, path, form.names)


def is_sae(place: Path) -> bool:
    """Return whether the place has the files of a supported form."""
    return any(form.holds(place) for form in FORMS)


def form_of(place: Path) -> tuple[Form, Path]:
    """Return the form of the files in a folder, or of a file in one, and the place that the form reads."""
    if place.is_file() and not is_sae(place) and is_sae(place.parent):
        place = place.parent
    for form in FORMS:
        if form.holds(place):
            return form, place
    if not place.is_dir():
        raise SaeError(f"{place}: no such folder; {EXPECTED}")
    missing = next(name for name in SAELENS.files if not (place / name).is_file())
    raise SaeError(f"{place}: no regular file {missing}; {EXPECTED}")


def sae_sha256(place: Path) -> str:
    """Return one hash over all files: the settings change what the weights mean."""
    form, place = form_of(place)
    lines = (f"{path.name} {file_sha256(path)}\n" for path in form.paths(place))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def write_sae(folder: Path, cfg: Mapping, tensors: Mapping[str, Tensor]) -> None:
    """Write weights, then settings: a folder without settings is no autoencoder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CFG).unlink(missing_ok=True)
    save_file({name: values.contiguous() for name, values in tensors.items()}, folder / WEIGHTS)
    (folder / CFG).write_text(json.dumps(cfg, indent=1) + "\n", encoding="utf-8")
