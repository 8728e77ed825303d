"""Transcoders of circuit-tracer: a file per layer, and `config.yaml` with the places of all layers.

`layer_N.safetensors`: a transcoder of layer N. `W_enc_N.safetensors` and `W_dec_N.safetensors`: a cross-layer
transcoder, whose latents of layer N write to the MLP outputs of layers N, N + 1, … to the last.
"""

import re
from pathlib import Path
from typing import Any

from precompute.models.autoencoder.config import SaeError
from precompute.models.autoencoder.forms.form import AS_LOADED, Form, read_yaml, sides
from precompute.models.autoencoder.stored import Stored, StoredTensors, safetensors

CONFIG = "config.yaml"
LAYER = re.compile(r"layer_(\d{1,4})\.safetensors")
CROSS = re.compile(r"W_enc_(\d{1,4})\.safetensors")
PART = re.compile(r"[\w.]{1,60}")
THRESHOLD = "activation_function.threshold"
LIKE_MLP = {"feature_input_hook": "mlp.hook_in", "feature_output_hook": "hook_mlp_out"}


def settings(place: Path) -> tuple[dict[str, Any], Path]:
    stored, path = tensors(place)
    d_in, d_sae = sides(stored, "W_enc", path)
    number = int(LAYER.fullmatch(place.name)[1])
    hook, hook_out = (f"blocks.{number}.{part}" for part in parts_of(place))
    return fields(stored, d_in, d_sae, hook, [hook_out]), path


def fields(stored: StoredTensors, d_in: int, d_sae: int, hook: str, hooks_out: list[str]) -> dict[str, Any]:
    architecture = "jumprelu_transcoder" if "threshold" in stored else "transcoder"
    return {
        "architecture": architecture, "d_in": d_in, "d_sae": d_sae, "hook_name": hook, "hook_name_out": hooks_out,
        **AS_LOADED,
    }  # fmt: skip


def parts_of(place: Path) -> list[str]:
    """Return the names of the places read and written, from config.yaml; without one, the MLP's input and output."""
    path = place.parent / CONFIG
    named = read_yaml(path) if path.is_file() else {}
    parts = [named.get(name, default) for name, default in LIKE_MLP.items()]
    if not all(isinstance(part, str) and PART.fullmatch(part) for part in parts):
        expected = ", ".join(f"{name}: {part}" for name, part in LIKE_MLP.items())
        raise SaeError(f"{path}: the places read and written have no valid names; expected such as {expected}")
    return parts


def tensors(place: Path) -> tuple[StoredTensors, Path]:
    """Return the tensors of one layer. The encoder has a row per latent; the decoder has one, or a column."""
    stored = safetensors(place)
    if "W_enc" in stored:
        stored["W_enc"] = stored["W_enc"].T
    if {"W_enc", "W_dec"} <= set(stored) and stored["W_dec"].shape == stored["W_enc"].shape:
        d_in, d_sae = stored["W_enc"].shape
        stored["W_dec"] = stored["W_dec"].T if d_in != d_sae else stored["W_dec"]
    return with_threshold(stored), place


def with_threshold(stored: dict[str, Stored]) -> dict[str, Stored]:
    """Return the tensors with a JumpReLU's thresholds under SAELens's name."""
    return {("threshold" if name == THRESHOLD else name): tensor for name, tensor in stored.items()}


def settings_cross(place: Path) -> tuple[dict[str, Any], Path]:
    stored, path = tensors_cross(place)
    d_in, d_sae = sides(stored, "W_enc", path)
    number = int(CROSS.fullmatch(place.name)[1])
    hook, hook_out = parts_of(place)
    if len(stored["W_dec"].shape) not in (2, 3):
        raise SaeError(f"{decoder_of(place)}: W_dec_{number} is not [latents, layers written, width]")
    n_out = stored["W_dec"].shape[1] if len(stored["W_dec"].shape) == 3 else 1
    hooks_out = [f"blocks.{layer}.{hook_out}" for layer in range(number, number + n_out)]
    return fields(stored, d_in, d_sae, f"blocks.{number}.{hook}", hooks_out), path


def tensors_cross(place: Path) -> tuple[StoredTensors, Path]:
    """Return the encoder and the decoder of one layer, whose names end in its number."""
    ending, decoder = f"_{CROSS.fullmatch(place.name)[1]}", decoder_of(place)
    if not decoder.is_file():
        raise SaeError(f"{place}: no {decoder.name} beside it, the decoder of this layer")
    stored = {name.removesuffix(ending): tensor for name, tensor in (safetensors(decoder) | safetensors(place)).items()}
    if "W_dec" not in stored:
        raise SaeError(f"{decoder}: the file lacks W_dec{ending}")
    if "W_enc" in stored:
        stored["W_enc"] = stored["W_enc"].T
    if len(stored["W_dec"].shape) == 3 and stored["W_dec"].shape[1] == 1:  # of the last layer
        stored["W_dec"] = stored["W_dec"].reshaped((stored["W_dec"].shape[0], stored["W_dec"].shape[2]))
    return stored, place


def decoder_of(place: Path) -> Path:
    return place.with_name(decoder_name(place.name))


def decoder_name(encoder_name: str) -> str:
    return encoder_name.replace("W_enc_", "W_dec_")


TRANSCODER = Form(
    "circuit-tracer", ("layer_N.safetensors",), settings, tensors, of_one_layer=LAYER, beside=lambda name: (CONFIG,)
)
CROSS_LAYER = Form(
    "circuit-tracer, cross-layer",
    ("W_enc_N.safetensors", "W_dec_N.safetensors"),
    settings_cross,
    tensors_cross,
    of_one_layer=CROSS,
    beside=lambda name: (decoder_name(name), CONFIG),
)
