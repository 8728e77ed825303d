"""Random sparse autoencoders in SAELens's format for the tiny models, and the latents that SAELens computes."""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

D_SAE = 40
WIDTHS = {"mlp.hook_post": "d_mlp", "mlp.out.hook_in": "d_mlp"}
HOOK = "blocks.1.mlp.hook_post"


def sae_weights(d_in: int, d_sae: int = D_SAE, seed: int = 0, threshold: bool = False) -> dict[str, Tensor]:
    """Return decoder rows of many lengths, and non-zero biases."""
    generator = torch.Generator().manual_seed(seed)
    shapes = {"W_enc": (d_in, d_sae), "b_enc": (d_sae,), "W_dec": (d_sae, d_in), "b_dec": (d_in,)}
    weights = {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    weights["W_dec"] *= 0.2 + 2 * torch.rand(d_sae, 1, generator=generator)
    weights["b_dec"] *= 0.3
    return {**weights, "threshold": torch.rand(d_sae, generator=generator)} if threshold else weights


def cfg_of(d_in: int, hook: str = HOOK, d_sae: int = D_SAE, **options) -> dict:
    """Return the settings as SAELens 6 writes them."""
    metadata = {"sae_lens_version": "6.39.0", "model_name": "tiny", "hook_name": hook, "hook_head_index": None}
    return {
        "d_in": d_in,
        "d_sae": d_sae,
        "dtype": "float32",
        "device": "cpu",
        "apply_b_dec_to_input": True,
        "normalize_activations": "none",
        "reshape_activations": "none",
        "metadata": {**metadata, **options.pop("metadata", {})},
        "architecture": "standard",
        **options,
    }


def write(folder: Path, cfg: dict, weights: dict[str, Tensor]) -> Path:
    folder.mkdir(parents=True)
    (folder / "cfg.json").write_text(json.dumps(cfg))
    save_file(weights, folder / "sae_weights.safetensors")
    return folder


def tiny_sae(folder: Path, d_in: int = 64, hook: str = HOOK, seed: int = 0, **options) -> Path:
    """Write the folder of an autoencoder, by default for the tiny GPT-2."""
    threshold = options.get("architecture") in ("jumprelu", "batchtopk")
    return write(folder, cfg_of(d_in, hook, **options), sae_weights(d_in, seed=seed, threshold=threshold))


def latents_of(folder: Path, h: np.ndarray, **settings: object) -> np.ndarray:
    """Return SAELens's latents for the rows of h [n d_in], in float64; `settings` as the test knows them."""
    w = {name: values.double().numpy() for name, values in load_file(folder / "sae_weights.safetensors").items()}
    x = h.astype(np.float64)
    if settings.get("centred"):
        x = x - x.mean(axis=1, keepdims=True)
    if settings.get("rescaling") == "constant_norm_rescale":
        x = x * np.sqrt(x.shape[1]) / np.linalg.norm(x, axis=1, keepdims=True)
    if settings.get("rescaling") == "layer_norm":
        x = x - x.mean(axis=1, keepdims=True)
        x = x / (x.std(axis=1, ddof=1, keepdims=True) + 1e-5)
    if settings.get("subtracts_b_dec", True):
        x = x - w["b_dec"]
    z = x @ w["W_enc"] + w["b_enc"]
    if settings.get("by_decoder_norm"):
        z = z * np.linalg.norm(w["W_dec"], axis=1)
    if "k" in settings:
        least = np.sort(z, axis=1)[:, -settings["k"], None]
        return np.maximum(z, 0) * (z >= least)
    return np.maximum(z, 0) * (z > w["threshold"]) if "threshold" in w else np.maximum(z, 0)
