"""Weights of a dictionary: checked against its settings before any is read, then made ready for `latents.py`.

gated: f = 1[x · W + b_gate > 0] · relu(x · W e^r + b_mag)
       with z = x · W e^r + b_mag, the gate is open where z > b_mag − e^r b_gate: a threshold
inputs times a scale s: W_enc · s, and a decoder that writes back W_dec / s, b_dec / s
a factor per latent, of fine-tuning, multiplies what the latent writes: its row of W_dec
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from precompute.models.autoencoder.config import SaeConfig, SaeError
from precompute.models.autoencoder.stored import FLOATS, StoredTensors

SKIP = "W_skip"  # a linear path around the latents of a transcoder: it changes neither latents nor what they write
FACTORS = ("scaling_factor", "finetuning_scaling_factor")
THRESHOLDS = ("threshold", "topk_threshold")
PER_LATENT = ("b_enc", "threshold", "b_gate", "b_mag", "r_mag", *FACTORS)
BY_ACTIVATION = {
    "relu": ("b_enc",),
    "topk": ("b_enc",),
    "threshold": ("b_enc", "threshold"),
    "gated": ("b_gate", "b_mag", "r_mag"),
}


def read_weights(
    tensors: StoredTensors, config: SaeConfig, path: Path, names: Mapping[str, str] | None = None
) -> dict[str, Tensor]:
    """Return the float32 weights by SAELens's names; `names` are those in the file, for messages.

    Raises SaeError if a tensor is missing, unknown, or of another shape.
    """
    check_headers(tensors, config, path, names or {})
    weights = {name: tensor.read().float() for name, tensor in tensors.items() if name != SKIP}
    for name, values in weights.items():
        if not bool(values.isfinite().all()):
            raise SaeError(f"{path}: {tensors[name].name} has values that are not finite; save or download it again")
    return ready(weights, config, path)


def check_headers(tensors: StoredTensors, config: SaeConfig, path: Path, names: Mapping[str, str]) -> None:
    """Check that each tensor is known, present and of its shape, before any is read."""
    shapes, needed = shapes_of(config), needed_of(tensors, config)
    unknown = set(tensors) - needed - {*FACTORS, *((SKIP,) if config.hooks_out else ())}
    if needed - set(tensors) or unknown:
        missing = sorted(names.get(name, name) for name in needed - set(tensors))
        problem = f"lacks {missing[0]}" if missing else f"has an unknown tensor {sorted(unknown)[0][:80]!r}"
        expected = ", ".join(sorted(names.get(name, name) for name in needed))
        raise SaeError(f"{path}: the file {problem}; a {config.architecture} autoencoder has {expected}")
    for name, tensor in tensors.items():
        if tensor.shape not in shapes[name] or tensor.kind not in FLOATS:
            expected = " or ".join(str(list(shape)) for shape in sorted(shapes[name]))
            raise SaeError(
                f"{path}: {tensor.name} is {tensor.kind}{list(tensor.shape)}, "
                f"the settings require floating point {expected}"
            )


def needed_of(tensors: StoredTensors, config: SaeConfig) -> set[str]:
    """Return the names of the tensors that this architecture has."""
    needed = {"W_enc", "W_dec", "b_dec", *BY_ACTIVATION[config.activation]}
    if "threshold" in needed and "batchtopk" in config.architecture and set(tensors) & set(THRESHOLDS):
        needed = needed - {"threshold"} | set(tensors) & set(THRESHOLDS)
    return needed


def shapes_of(config: SaeConfig) -> dict[str, set[tuple[int, ...]]]:
    """Return the shapes that each tensor may have."""
    d_in, d_sae, d_out, n_out = config.d_in, config.d_sae, config.d_out, len(config.hooks_out)
    return {
        **{name: {(d_sae,)} for name in PER_LATENT},
        "W_enc": {(d_in, d_sae)},
        "W_dec": {(d_sae, n_out, d_out) if n_out > 1 else (d_sae, d_out)},
        "b_dec": {(d_out,)},
        "topk_threshold": {()},
        SKIP: {(d_out, d_in), (d_in, d_out)},
    }


def ready(weights: dict[str, Tensor], config: SaeConfig, path: Path) -> dict[str, Tensor]:
    """Return W_enc, b_enc, W_dec, b_dec and, if there is one, the threshold of each latent."""
    for name in FACTORS:
        finetune(weights, weights.pop(name, None), config, path)
    if config.activation == "gated":
        open_gates(weights)
    if config.scale != 1:
        weights["W_enc"] = weights["W_enc"] * config.scale
        if not config.hooks_out:  # a transcoder's outputs are not scaled back
            weights |= {name: weights[name] / config.scale for name in ("W_dec", "b_dec")}
    if "topk_threshold" in weights:  # one threshold for all latents
        weights["threshold"] = weights.pop("topk_threshold").expand(config.d_sae).clone()
    return weights


def finetune(weights: dict[str, Tensor], factor: Tensor | None, config: SaeConfig, path: Path) -> None:
    """Multiply the decoder's rows by the factors of fine-tuning. Old files have them, all 1, without fine-tuning."""
    if factor is None or torch.allclose(factor, torch.ones_like(factor)):
        return
    if not config.finetuned:
        raise SaeError(
            f"{path}: scaling_factor is not 1, but cfg.json does not say finetuning_scaling_factor: true; add it, or "
            "fold the factors into W_dec and save again"
        )
    weights["W_dec"] = weights["W_dec"] * factor[:, None]


def open_gates(weights: dict[str, Tensor]) -> None:
    """Replace the weights of a gated encoder by those of its magnitudes, and its gates by thresholds."""
    b_gate, b_mag, rate = weights.pop("b_gate"), weights.pop("b_mag"), weights.pop("r_mag").exp()
    weights |= {"W_enc": weights["W_enc"] * rate, "b_enc": b_mag, "threshold": b_mag - rate * b_gate}
