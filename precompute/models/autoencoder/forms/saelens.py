"""SAELens: `cfg.json` and `sae_weights.safetensors`, of versions 2 to 6."""

from pathlib import Path

from precompute.models.autoencoder.forms.form import Form, read_json
from precompute.models.autoencoder.stored import StoredTensors, safetensors

CFG, WEIGHTS = "cfg.json", "sae_weights.safetensors"


def settings(place: Path) -> tuple[object, Path]:
    return read_json(place / CFG), place / CFG


def tensors(place: Path) -> tuple[StoredTensors, Path]:
    return safetensors(place / WEIGHTS), place / WEIGHTS


SAELENS = Form("SAELens", (CFG, WEIGHTS), settings, tensors)
