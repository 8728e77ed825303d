"""What a manifest says about the model: which it is, and the hash of its weights, read from its own files."""

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
    """`model` is a local folder, or a hub name that has been downloaded."""
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
    """The folder in data/models/ of the model that an atlas was made of, known by its weights; None where it is not."""
    model = atlas.manifest.model
    folder = SHIPPED / Path(str(model.name)).name
    return folder if folder.is_dir() and weights_sha256(folder) == model.sha256 else None


def model_folder(model: str) -> Path:
    """Where the files of such a model are."""
    if Path(model).is_dir():
        return Path(model)
    import huggingface_hub  # what looks at folders alone does without

    return Path(huggingface_hub.snapshot_download(model, local_files_only=True))


def weights_sha256(folder: Path) -> str:
    """One hash over the weight files, in the order of their names."""
    paths = [path for path in sorted(folder.glob("*.safetensors")) if not is_litter(path.relative_to(folder))]
    lines = (f"{path.name} {file_sha256(path)}\n" for path in paths)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
