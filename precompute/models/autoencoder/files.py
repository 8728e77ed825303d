"""Read and write a folder with `cfg.json` and `sae_weights.safetensors`, checking every size.

Both files are data: nothing in them is executed. Weights in files that can run code (.pt, .bin, .pkl) are not opened.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ne_core.atlas.file_hash import file_sha256
from precompute.models.autoencoder.config import SaeConfig, SaeError, parse_config

CFG, WEIGHTS = "cfg.json", "sae_weights.safetensors"
MAX_BYTES = 2**22  # largest cfg.json
FLOATS = ("F64", "F32", "F16", "BF16")
EXPECTED = f"expected a folder with {CFG} and {WEIGHTS}, as SAELens saves it"


def read_sae(folder: Path) -> tuple[SaeConfig, dict[str, Tensor]]:
    """Return the config and the float32 weights by name. Raises SaeError if files are missing or invalid."""
    if not folder.is_dir():
        raise SaeError(f"{folder}: no such folder; {EXPECTED}")
    config = parse_config(read_json(regular_file(folder, CFG)), str(folder / CFG))
    return config, read_weights(regular_file(folder, WEIGHTS), config)


def sae_sha256(folder: Path) -> str:
    """Return one hash over both files: the settings change what the weights mean."""
    lines = (f"{name} {file_sha256(folder / name)}\n" for name in (CFG, WEIGHTS))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def regular_file(folder: Path, name: str) -> Path:
    """Return the path of a regular file or a link to one, as in the hub's cache; opening a pipe would block."""
    path = folder / name
    if not path.is_file():
        raise SaeError(f"{folder}: no regular file {name}; {EXPECTED}")
    return path


def read_json(path: Path) -> object:
    if path.stat().st_size > MAX_BYTES:
        raise SaeError(f"{path}: longer than {MAX_BYTES:,} bytes, which is too long for settings")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise SaeError(f"{path}: not valid JSON") from error


def read_weights(path: Path, config: SaeConfig) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            names = check_header(file, path, config)
            tensors = {name: file.get_tensor(name).float() for name in names}
    except SafetensorError as error:
        raise SaeError(f"{path}: not a complete safetensors file ({str(error).splitlines()[0]})") from error
    for name, values in tensors.items():
        if not bool(values.isfinite().all()):
            raise SaeError(f"{path}: {name} has values that are not finite; save or download it again")
    check_scale(path, tensors.pop("scaling_factor", None))
    if "topk_threshold" in tensors:  # one threshold for all latents
        tensors["threshold"] = tensors.pop("topk_threshold").expand(config.d_sae).clone()
    return tensors


def check_header(file: safe_open, path: Path, config: SaeConfig) -> list[str]:
    """Return the tensor names after checking that each is known, present and of its shape, before any is read."""
    shapes, present = shapes_of(config), set(file.keys())
    threshold = {"threshold", "topk_threshold"} if config.architecture == "batchtopk" else {"threshold"}
    needed = {"W_enc", "b_enc", "W_dec", "b_dec"}
    if config.architecture in ("jumprelu", "batchtopk"):
        needed |= (threshold & present) or {"threshold"}
    unknown = present - needed - {"scaling_factor"}
    if needed - present or unknown:
        problem = (
            f"lacks {sorted(needed - present)[0]}"
            if needed - present
            else f"has an unknown tensor {sorted(unknown)[0]!r}"
        )
        expected = ", ".join(sorted(needed))
        raise SaeError(f"{path}: the file {problem}; a {config.architecture} autoencoder has {expected}")
    for name in present:
        header = file.get_slice(name)
        if tuple(header.get_shape()) != shapes[name] or header.get_dtype() not in FLOATS:
            raise SaeError(
                f"{path}: {name} is {header.get_dtype()}{list(header.get_shape())}, "
                f"{CFG} requires floating point {list(shapes[name])}"
            )
    return sorted(present)


def shapes_of(config: SaeConfig) -> dict[str, tuple[int, ...]]:
    d_in, d_sae = config.d_in, config.d_sae
    per_latent = dict.fromkeys(("b_enc", "threshold", "scaling_factor"), (d_sae,))
    return {**per_latent, "W_enc": (d_in, d_sae), "W_dec": (d_sae, d_in), "b_dec": (d_in,), "topk_threshold": ()}


def check_scale(path: Path, scale: Tensor | None) -> None:
    """Check the per-latent factor of old files: it is 1 unless the autoencoder was fine-tuned."""
    if scale is not None and not torch.allclose(scale, torch.ones_like(scale)):
        raise SaeError(f"{path}: scaling_factor is not 1; fold it into W_dec and save again")


def write_sae(folder: Path, cfg: Mapping, tensors: Mapping[str, Tensor]) -> None:
    """Write weights, then settings: a folder without settings is no autoencoder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CFG).unlink(missing_ok=True)
    save_file({name: values.contiguous() for name, values in tensors.items()}, folder / WEIGHTS)
    (folder / CFG).write_text(json.dumps(cfg, indent=1) + "\n", encoding="utf-8")
