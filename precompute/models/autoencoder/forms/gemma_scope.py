"""Gemma Scope: JumpReLU dictionaries of Gemma 2 (`params.npz`) and of Gemma 3 (`params.safetensors`, `config.json`).

The first has no settings: the names of its repository and folders say what it reads. A `cfg.json` beside the file with
hook_name (and hook_name_out) says it as well. Its transcoders read the MLP's input before the gain of the norm, those
of the second after it.
"""

import re
from pathlib import Path
from typing import Any

from precompute.models.autoencoder.config import SaeError
from precompute.models.autoencoder.forms.form import AS_LOADED, Form, fields_of, last_parts, renamed, sides
from precompute.models.autoencoder.forms.saelens import CFG
from precompute.models.autoencoder.stored import StoredTensors, npz, safetensors

NPZ, PARAMS, CONFIG = "params.npz", "params.safetensors", "config.json"
KIND = re.compile(r"gemma-scope-\d+b-(?:pt|it)-(res|mlp|att|transcoders)\b")
LAYER = re.compile(r"\blayer_(\d{1,4})\b")
PLACES = {
    "res": {"hook_name": "blocks.{}.hook_resid_post"},
    "mlp": {"hook_name": "blocks.{}.hook_mlp_out"},
    "att": {"hook_name": "blocks.{}.attn.hook_z"},
    "transcoders": {"hook_name": "blocks.{}.ln2.hook_normalized", "hook_name_out": "blocks.{}.hook_mlp_out"},
}
# The second one's names of places, of the Hugging Face model.
MODULES = {
    "output": "hook_resid_post",
    "pre_feedforward_layernorm.output": "mlp.hook_in",
    "post_feedforward_layernorm.output": "hook_mlp_out",
    "self_attn.o_proj.input": "attn.hook_z",
}
MODULE = re.compile(r"model\.layers\.(\d{1,4})\.([\w.]+)")
NAMES = {"W_enc": "w_enc", "W_dec": "w_dec", "W_skip": "affine_skip_connection"}
JUMPRELU = {"architecture": "jumprelu", "apply_b_dec_to_input": False, **AS_LOADED}


def settings_1(place: Path) -> tuple[dict[str, Any], Path]:
    arrays, path = tensors_1(place)
    d_in, d_sae = sides(arrays, "W_enc", path)
    beside = fields_of(place / CFG) if (place / CFG).is_file() else {}
    hooks = {} if "hook_name" in beside else hooks_by_folder(place, path)
    return {**JUMPRELU, "d_in": d_in, "d_sae": d_sae, **hooks, **beside}, path


def hooks_by_folder(place: Path, path: Path) -> dict[str, str]:
    """Return the places that the names of repository and folders say. Raises SaeError if they do not."""
    kind, layer = KIND.search(last_parts(place)), LAYER.search(last_parts(place))
    if kind is None or layer is None:
        raise SaeError(
            f"{path}: the folders do not say what it reads; keep the names of the repository and its folders "
            f"(gemma-scope-2b-pt-res/layer_20/…), or put a {CFG} beside it: "
            '{"hook_name": "blocks.20.hook_resid_post"}'
        )
    return {name: hook.format(int(layer[1])) for name, hook in PLACES[kind[1]].items()}


def tensors_1(place: Path) -> tuple[StoredTensors, Path]:
    return renamed(npz(place / NPZ), {"W_enc": "w_enc", "W_dec": "w_dec"}, ()), place / NPZ


def settings_2(place: Path) -> tuple[dict[str, Any], Path]:
    return fields_2(fields_of(place / CONFIG), place / CONFIG, *tensors_2(place)), place / CONFIG


def fields_2(config: dict[str, Any], path: Path, tensors: StoredTensors, weights: Path) -> dict[str, Any]:
    if config.get("architecture") != "jump_relu":
        raise SaeError(f"{path}: architecture {config.get('architecture')!r} is not supported; use jump_relu")
    if config.get("type", "sae") not in ("sae", "transcoder"):
        raise SaeError(f"{path}: type {config['type']!r} is not supported; use sae or transcoder")
    d_in, d_sae = sides(tensors, "W_enc", weights)
    hook, hook_out = (place_of(config, name, path) for name in ("hf_hook_point_in", "hf_hook_point_out"))
    places = {"hook_name": hook} if hook_out in (None, hook) else {"hook_name": hook, "hook_name_out": hook_out}
    return {**JUMPRELU, "d_in": d_in, "d_sae": d_sae, **places}


def place_of(config: dict[str, Any], name: str, path: Path) -> str | None:
    """Return the hook of a module of the Hugging Face model."""
    value = config.get(name)
    if value is None and name == "hf_hook_point_out":
        return None
    module = MODULE.fullmatch(value) if isinstance(value, str) else None
    if module is None or module[2] not in MODULES:
        known = ", ".join(f"model.layers.N.{module}" for module in MODULES)
        raise SaeError(f"{path}: {name} is {str(value)[:80]!r}, which is not supported; use {known}")
    return f"blocks.{module[1]}.{MODULES[module[2]]}"


def tensors_2(place: Path) -> tuple[StoredTensors, Path]:
    return renamed(safetensors(place / PARAMS), NAMES, ()), place / PARAMS


GEMMA_SCOPE = Form("Gemma Scope", (NPZ,), settings_1, tensors_1, beside=lambda name: (CFG,))
GEMMA_SCOPE_2 = Form("Gemma Scope 2", (CONFIG, PARAMS), settings_2, tensors_2, NAMES)
