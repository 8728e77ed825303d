"""Manifest entry about the model: its name, its settings and the hash of its weights, read from its own files."""

import hashlib
import json
from pathlib import Path

from ne_core.atlas import Atlas
from ne_core.atlas.file_hash import file_sha256
from ne_core.atlas.litter import is_litter
from ne_core.atlas.manifest import Model

SHIPPED = Path("data/models")
ACT_NAMES = ("activation_function", "hidden_act", "hidden_activation", "activation")


def model_facts(model: str, name: str, gated: bool, causal: bool) -> Model:
    """Return the manifest's model entry; `model` is a local folder or a downloaded hub name."""
    folder = model_folder(model)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config = config.get("text_config") or config
    return Model(
        name=name,
        family=config.get("model_type", "unknown"),
        act_fn=next((config[key] for key in ACT_NAMES if key in config), "unknown"),
        gated=gated,
        causal=causal,
        sha256=weights_sha256(folder),
    )


def shipped_model(atlas: Atlas) -> Path | None:
    """Return the folder in data/models/ with the atlas's model, identified by its weights; None if there is none."""
    model = atlas.manifest.model
    folder = SHIPPED / Path(str(model.name)).name
    return folder if folder.is_dir() and weights_sha256(folder) == model.sha256 else None


def model_folder(model: str) -> Path:
    """Return the folder that holds the model's files."""
    if Path(model).is_dir():
        return Path(model)
    import huggingface_hub  # not needed for local folders

    return Path(huggingface_hub.snapshot_download(model, local_files_only=True))


def weights_sha256(folder: Path) -> str:
    """Return one hash over the weight files, in the order of their names."""
    paths = [path for path in sorted(folder.glob("*.safetensors")) if not is_litter(path.relative_to(folder))]
    lines = (f"{path.name} {file_sha256(path)}\n" for path in paths)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
