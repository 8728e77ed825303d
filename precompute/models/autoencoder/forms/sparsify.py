"""EleutherAI's sparsify: `cfg.json` and `sae.safetensors`, TopK; transcoders read a module and predict its output.

The folder is named after the module of the Hugging Face model, such as `layers.10` or `layers.10.mlp`; hook_name in
cfg.json says it as well.
"""

import re
from pathlib import Path
from typing import Any

from precompute.models.autoencoder.config import SaeError, positive_int, read_bool
from precompute.models.autoencoder.forms.form import AS_LOADED, Form, fields_of, last_parts, renamed
from precompute.models.autoencoder.forms.saelens import CFG
from precompute.models.autoencoder.stored import StoredTensors, safetensors

WEIGHTS = "sae.safetensors"
MODULE = re.compile(r"(?:^|[/.-])(?:layers|h|blocks)[._](\d{1,4})([._]mlp)?$")
NAMES = {"W_enc": "encoder.weight", "b_enc": "encoder.bias"}


def settings(place: Path) -> tuple[dict[str, Any], Path]:
    path = place / CFG
    cfg = fields_of(path)
    try:
        return {**translated(cfg), **hooks_of(cfg, place), **AS_LOADED}, path
    except SaeError as error:
        raise SaeError(f"{path}: {error}") from None


def translated(cfg: dict[str, Any]) -> dict[str, Any]:
    if cfg.get("activation", "topk") != "topk" or read_bool(cfg, "signed", False):
        kind = "signed latents" if cfg.get("signed") else f"activation {cfg['activation']!r}"
        raise SaeError(f"{kind} of sparsify are not supported; use topk")
    d_in = positive_int(cfg, "d_in")
    d_sae = cfg.get("num_latents") or d_in * positive_int(cfg, "expansion_factor")
    subtracts = not read_bool(cfg, "transcode", False)
    return {
        "architecture": "topk", "k": cfg.get("k"), "d_in": d_in, "d_sae": d_sae, "apply_b_dec_to_input": subtracts
    }  # fmt: skip


def hooks_of(cfg: dict[str, Any], place: Path) -> dict[str, str]:
    """Return the places that cfg.json or the folder's name say."""
    if "hook_name" in cfg:
        return {name: cfg[name] for name in ("hook_name", "hook_name_out") if name in cfg}
    module, transcodes = MODULE.search(last_parts(place)), read_bool(cfg, "transcode", False)
    if module is None or (transcodes and not module[2]):
        expected = "layers.N.mlp" if transcodes else "layers.N or layers.N.mlp"
        raise SaeError(f"the folder's name does not say what is read; name it {expected}, or add hook_name to {CFG}")
    block = f"blocks.{int(module[1])}"
    if transcodes:
        return {"hook_name": f"{block}.mlp.hook_in", "hook_name_out": f"{block}.mlp.hook_out"}
    return {"hook_name": f"{block}.mlp.hook_out" if module[2] else f"{block}.hook_resid_post"}


def tensors(place: Path) -> tuple[StoredTensors, Path]:
    return renamed(safetensors(place / WEIGHTS), NAMES, ("W_enc",)), place / WEIGHTS


SPARSIFY = Form("sparsify", (CFG, WEIGHTS), settings, tensors, NAMES)
