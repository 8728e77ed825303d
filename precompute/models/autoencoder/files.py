"""A folder with `cfg.json` and `sae_weights.safetensors`, read with every size checked, and written.

Both are data: nothing in them is run. Weights in files that can run code (.pt, .bin, .pkl) are not opened.
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
from precompute.models.autoencoder.form import Form, SaeError, form_of

CFG, WEIGHTS = "cfg.json", "sae_weights.safetensors"
MOST_BYTES = 2**22  # of cfg.json
FLOATS = ("F64", "F32", "F16", "BF16")
WHAT_WORKS = f"a folder with {CFG} and {WEIGHTS}, as SAELens saves them, would"


def read_sae(folder: Path) -> tuple[Form, dict[str, Tensor]]:
    """The form, and the weights in float32 by name. Raises SaeError for what is not a whole autoencoder."""
    if not folder.is_dir():
        raise SaeError(f"{folder}: no such folder; {WHAT_WORKS}")
    form = form_of(settings(regular(folder, CFG)), str(folder / CFG))
    return form, weights(regular(folder, WEIGHTS), form)


def sae_sha256(folder: Path) -> str:
    """One hash over both files: the settings change what the weights mean."""
    lines = (f"{name} {file_sha256(folder / name)}\n" for name in (CFG, WEIGHTS))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def regular(folder: Path, name: str) -> Path:
    """A plain file, or a link to one, as the hub's cache makes them: a pipe would be waited for without end."""
    path = folder / name
    if not path.is_file():
        raise SaeError(f"{folder}: no {name} that is a file, and nothing else is opened; {WHAT_WORKS}")
    return path


def settings(path: Path) -> object:
    if path.stat().st_size > MOST_BYTES:
        raise SaeError(f"{path}: longer than {MOST_BYTES:,} bytes, and no settings")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise SaeError(f"{path}: not JSON that can be read") from error


def weights(path: Path, form: Form) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            names = check_header(file, path, form)
            found = {name: file.get_tensor(name).float() for name in names}
    except SafetensorError as error:
        raise SaeError(f"{path}: not a whole safetensors file ({str(error).splitlines()[0]})") from error
    for name, values in found.items():
        if not bool(values.isfinite().all()):
            raise SaeError(f"{path}: {name} has values that are not finite; save or download it again")
    check_scale(path, found.pop("scaling_factor", None))
    if "topk_threshold" in found:  # one for all latents
        found["threshold"] = found.pop("topk_threshold").expand(form.d_sae).clone()
    return found


def check_header(file: safe_open, path: Path, form: Form) -> list[str]:
    """The names of the tensors, every one known, there and of its shape, before any of them is read."""
    shapes, there = shapes_of(form), set(file.keys())
    threshold = {"threshold", "topk_threshold"} if form.architecture == "batchtopk" else {"threshold"}
    needed = {"W_enc", "b_enc", "W_dec", "b_dec"}
    if form.architecture in ("jumprelu", "batchtopk"):
        needed |= (threshold & there) or {"threshold"}
    strange = there - needed - {"scaling_factor"}
    if needed - there or strange:
        wrong = f"lacks {sorted(needed - there)[0]}" if needed - there else f"has {sorted(strange)[0]!r} besides"
        told = ", ".join(sorted(needed))
        raise SaeError(f"{path}: it {wrong}; a {form.architecture} autoencoder has {told}")
    for name in there:
        given = file.get_slice(name)
        if tuple(given.get_shape()) != shapes[name] or given.get_dtype() not in FLOATS:
            raise SaeError(
                f"{path}: {name} is {given.get_dtype()}{list(given.get_shape())}, "
                f"{CFG} makes it floating point {list(shapes[name])}"
            )
    return sorted(there)


def shapes_of(form: Form) -> dict[str, tuple[int, ...]]:
    d_in, d_sae = form.d_in, form.d_sae
    each = dict.fromkeys(("b_enc", "threshold", "scaling_factor"), (d_sae,))
    return {**each, "W_enc": (d_in, d_sae), "W_dec": (d_sae, d_in), "b_dec": (d_in,), "topk_threshold": ()}


def check_scale(path: Path, scale: Tensor | None) -> None:
    """Old files carry a factor for each latent, which is 1 unless the autoencoder was tuned further."""
    if scale is not None and not torch.allclose(scale, torch.ones_like(scale)):
        raise SaeError(f"{path}: its scaling_factor is not 1; fold it into W_dec and save again")


def write_sae(folder: Path, cfg: Mapping, tensors: Mapping[str, Tensor]) -> None:
    """The settings last: a folder without them is no autoencoder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CFG).unlink(missing_ok=True)
    save_file({name: values.contiguous() for name, values in tensors.items()}, folder / WEIGHTS)
    (folder / CFG).write_text(json.dumps(cfg, indent=1) + "\n", encoding="utf-8")
