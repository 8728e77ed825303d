"""Tiny dictionaries in every published form, each with the plain formula of its latents.

A maker writes files into a folder and returns the place to read and a function from activations h [n d_in] to latents,
in numpy and float64, from the tensors that it wrote, under their own names.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from safetensors.torch import save_file

from tests.support.models.tiny_saes import cfg_of

D_IN, D_SAE, K = 16, 40, 5
HOOK = "blocks.1.hook_resid_post"
Formula = Callable[[Float[np.ndarray, "n d_in"]], Float[np.ndarray, "n d_sae"]]
Maker = Callable[[Path], tuple[Path, Formula]]
AS_LOADED = {"model_from_pretrained_kwargs": {"center_writing_weights": False}}


def arrays(**shapes: tuple[int, ...]) -> dict[str, Float[np.ndarray, "*shape"]]:
    rng = np.random.default_rng(sum(map(ord, "".join(shapes))))
    return {name.replace("__", "."): rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def relu(z):
    return np.maximum(z, 0)


def above(z, threshold):
    return relu(z) * (z > threshold)


def topk(z, k=K):
    return relu(z) * (z >= np.sort(z, axis=1)[:, -k, None])


def tensors(w) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(np.asarray(values, order="C")) for name, values in w.items()}


def saelens(folder: Path, w, **cfg) -> Path:
    folder.mkdir(parents=True)
    (folder / "cfg.json").write_text(json.dumps(cfg_of(D_IN, HOOK, D_SAE, **cfg)))
    save_file(tensors(w), folder / "sae_weights.safetensors")
    return folder


def plain_arrays():
    return arrays(W_enc=(D_IN, D_SAE), b_enc=(D_SAE,), W_dec=(D_SAE, D_IN), b_dec=(D_IN,))


def saelens_gated(folder: Path) -> tuple[Path, Formula]:
    w = arrays(W_enc=(D_IN, D_SAE), b_gate=(D_SAE,), b_mag=(D_SAE,), r_mag=(D_SAE,), W_dec=(D_SAE, D_IN), b_dec=(D_IN,))

    def formula(h):
        z = (h - w["b_dec"]) @ w["W_enc"]
        return (z + w["b_gate"] > 0) * relu(np.exp(w["r_mag"]) * z + w["b_mag"])

    return saelens(folder, w, architecture="gated"), formula


def saelens_scaled(folder: Path) -> tuple[Path, Formula]:
    """Inputs times the number that SAELens's table has: expected_average_only_in."""
    w = plain_arrays()
    cfg = {"normalize_activations": "expected_average_only_in", "norm_scaling_factor": 2.5}
    return saelens(folder, w, **cfg), lambda h: relu((2.5 * h - w["b_dec"]) @ w["W_enc"] + w["b_enc"])


def saelens_finetuned(folder: Path) -> tuple[Path, Formula]:
    w = {**plain_arrays(), **arrays(scaling_factor=(D_SAE,))}
    return saelens(folder, w, finetuning_scaling_factor=True), lambda h: relu(
        (h - w["b_dec"]) @ w["W_enc"] + w["b_enc"]
    )


def saelens_matryoshka(folder: Path) -> tuple[Path, Formula]:
    w = {**plain_arrays(), "topk_threshold": np.float64(0.7)}
    path = saelens(folder, w, architecture="matryoshka_batchtopk", k=3, matryoshka_widths=[8, 40])
    return path, lambda h: above((h - w["b_dec"]) @ w["W_enc"] + w["b_enc"], 0.7)


def saelens_transcoder(folder: Path) -> tuple[Path, Formula]:
    return transcoder(folder, "skip_transcoder", {"W_skip": (D_IN, D_IN)})


def saelens_jumprelu_transcoder(folder: Path) -> tuple[Path, Formula]:
    return transcoder(folder, "jumprelu_transcoder", {"threshold": (D_SAE,)})


def transcoder(folder: Path, architecture: str, shapes) -> tuple[Path, Formula]:
    w = {**plain_arrays(), **arrays(**shapes)}
    if "threshold" in w:
        w["threshold"] = np.abs(w["threshold"])
    places = {"hook_name": "blocks.1.mlp.hook_in", "hook_name_out": "blocks.1.hook_mlp_out"}
    cfg = {"architecture": architecture, "d_out": D_IN, "apply_b_dec_to_input": False, "metadata": places}
    return saelens(folder, w, **cfg), lambda h: above(h @ w["W_enc"] + w["b_enc"], w.get("threshold", 0))


def gemma_scope(folder: Path) -> tuple[Path, Formula]:
    """The names of the repository and its folders are all that says what it reads."""
    return of_npz(folder / "gemma-scope-2b-pt-res" / "layer_1" / "width_16k" / "average_l0_71")


def gemma_scope_transcoder(folder: Path) -> tuple[Path, Formula]:
    return of_npz(folder / "gemma-scope-2b-pt-transcoders" / "layer_1" / "width_16k" / "average_l0_5")


def gemma_scope_with_cfg(folder: Path) -> tuple[Path, Formula]:
    place, formula = of_npz(folder / "mine")
    (place / "cfg.json").write_text(json.dumps({"hook_name": "blocks.2.hook_resid_post"}))
    return place, formula


def of_npz(place: Path) -> tuple[Path, Formula]:
    w = {**plain_arrays(), "threshold": np.linspace(0, 2, D_SAE, dtype=np.float32)}
    place.mkdir(parents=True)
    np.savez(place / "params.npz", **w)
    return place, lambda h: above(h @ w["W_enc"] + w["b_enc"], w["threshold"])


def gemma_scope_2(folder: Path) -> tuple[Path, Formula]:
    return of_gemma_3(folder, "sae", "output", "output")


def gemma_scope_2_transcoder(folder: Path) -> tuple[Path, Formula]:
    return of_gemma_3(folder, "transcoder", "pre_feedforward_layernorm.output", "post_feedforward_layernorm.output")


def of_gemma_3(folder: Path, kind: str, read: str, written: str) -> tuple[Path, Formula]:
    w = arrays(w_enc=(D_IN, D_SAE), b_enc=(D_SAE,), w_dec=(D_SAE, D_IN), b_dec=(D_IN,))
    w |= {"threshold": np.linspace(0, 2, D_SAE, dtype=np.float32)}
    if kind == "transcoder":
        w |= arrays(affine_skip_connection=(D_IN, D_IN))
    config = {
        "architecture": "jump_relu", "type": kind, "width": D_SAE, "affine_connection": kind == "transcoder",
        "model_name": "tiny", "hf_hook_point_in": f"model.layers.1.{read}",
        "hf_hook_point_out": f"model.layers.1.{written}",
    }  # fmt: skip
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config))
    save_file(tensors(w), folder / "params.safetensors")
    return folder, lambda h: above(h @ w["w_enc"] + w["b_enc"], w["threshold"])


def sparsify(folder: Path, name: str = "layers.1", **options) -> tuple[Path, Formula]:
    w = arrays(encoder__weight=(D_SAE, D_IN), encoder__bias=(D_SAE,), W_dec=(D_SAE, D_IN), b_dec=(D_IN,))
    cfg = {
        "activation": "topk", "expansion_factor": 32, "normalize_decoder": True, "num_latents": D_SAE, "k": K,
        "multi_topk": False, "skip_connection": False, "transcode": False, "d_in": D_IN, **options,
    }  # fmt: skip
    if cfg["skip_connection"]:
        w |= arrays(W_skip=(D_IN, D_IN))
    (folder / name).mkdir(parents=True)
    (folder / name / "cfg.json").write_text(json.dumps(cfg))
    save_file(tensors(w), folder / name / "sae.safetensors")
    before = 0 if cfg["transcode"] else w["b_dec"]
    return folder / name, lambda h: topk((h - before) @ w["encoder.weight"].T + w["encoder.bias"])


def sparsify_transcoder(folder: Path) -> tuple[Path, Formula]:
    return sparsify(folder, "layers.1.mlp", transcode=True, skip_connection=True)


def dictionary_learning(folder: Path, kind: str, w, **trainer) -> Path:
    settings = {
        "dict_class": kind, "activation_dim": D_IN, "dict_size": D_SAE, "layer": 1, "lm_name": "tiny", "k": K,
        "submodule_name": "resid_post_layer_1", **trainer,
    }  # fmt: skip
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"trainer": settings, "buffer": {"ctx_len": 128}}))
    torch.save(tensors(w), folder / "ae.pt")
    return folder


def linear(**shapes: tuple[int, ...]):
    return arrays(encoder__weight=(D_SAE, D_IN), decoder__weight=(D_IN, D_SAE), **shapes)


def dl_autoencoder(folder: Path) -> tuple[Path, Formula]:
    """dictionary_learning scales the decoder's columns to length 1 when it loads this class."""
    w = linear(encoder__bias=(D_SAE,), bias=(D_IN,))
    norms = np.linalg.norm(w["decoder.weight"], axis=0)
    return (
        dictionary_learning(folder, "AutoEncoder", w),
        lambda h: norms * relu((h - w["bias"]) @ w["encoder.weight"].T + w["encoder.bias"]),
    )


def dl_new(folder: Path) -> tuple[Path, Formula]:
    w = linear(encoder__bias=(D_SAE,), decoder__bias=(D_IN,))
    return (
        dictionary_learning(folder, "AutoEncoderNew", w),
        lambda h: relu(h @ w["encoder.weight"].T + w["encoder.bias"]),
    )


def dl_gated(folder: Path) -> tuple[Path, Formula]:
    w = linear(decoder_bias=(D_IN,), r_mag=(D_SAE,), gate_bias=(D_SAE,), mag_bias=(D_SAE,))

    def formula(h):
        z = (h - w["decoder_bias"]) @ w["encoder.weight"].T
        return (z + w["gate_bias"] > 0) * relu(np.exp(w["r_mag"]) * z + w["mag_bias"])

    return dictionary_learning(folder, "GatedAutoEncoder", w), formula


def dl_topk(folder: Path) -> tuple[Path, Formula]:
    w = linear(encoder__bias=(D_SAE,), b_dec=(D_IN,)) | {"k": np.int32(K), "threshold": np.float32(-1)}
    return (
        dictionary_learning(folder, "AutoEncoderTopK", w),
        lambda h: topk((h - w["b_dec"]) @ w["encoder.weight"].T + w["encoder.bias"]),
    )


def dl_batchtopk(folder: Path) -> tuple[Path, Formula]:
    w = linear(encoder__bias=(D_SAE,), b_dec=(D_IN,)) | {"k": np.int32(K), "threshold": np.float32(0.8)}
    return (
        dictionary_learning(folder / "resid_post_layer_1" / "trainer_0", "BatchTopKSAE", w, submodule_name=None),
        lambda h: above((h - w["b_dec"]) @ w["encoder.weight"].T + w["encoder.bias"], 0.8),
    )


def dl_matryoshka(folder: Path) -> tuple[Path, Formula]:
    w = plain_arrays() | {"k": np.int32(K), "threshold": np.float32(0.8), "group_sizes": np.array([8, 32])}
    return (
        dictionary_learning(folder, "MatryoshkaBatchTopKSAE", w),
        lambda h: above((h - w["b_dec"]) @ w["W_enc"] + w["b_enc"], 0.8),
    )


def dl_jumprelu(folder: Path) -> tuple[Path, Formula]:
    w = plain_arrays() | {"threshold": np.linspace(0, 2, D_SAE, dtype=np.float32)}
    return (
        dictionary_learning(folder, "JumpReluAutoEncoder", w),
        lambda h: above(h @ w["W_enc"] + w["b_enc"], w["threshold"]),
    )


def dl_mlp_out(folder: Path) -> tuple[Path, Formula]:
    """Older settings name no submodule: the folder does."""
    w = linear(encoder__bias=(D_SAE,), decoder__bias=(D_IN,))
    return (
        dictionary_learning(folder / "mlp_out_layer1" / "10_32768", "AutoEncoderNew", w, submodule_name=None),
        lambda h: relu(h @ w["encoder.weight"].T + w["encoder.bias"]),
    )


def circuit_tracer(folder: Path) -> tuple[Path, Formula]:
    w = arrays(W_enc=(D_SAE, D_IN), b_enc=(D_SAE,), W_dec=(D_SAE, D_IN), b_dec=(D_IN,), W_skip=(D_IN, D_IN))
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("feature_input_hook: hook_resid_mid\nfeature_output_hook: mlp.hook_out\n")
    save_file(tensors(w), folder / "layer_1.safetensors")
    return folder / "layer_1.safetensors", lambda h: relu(h @ w["W_enc"].T + w["b_enc"])


def cross_layer(folder: Path) -> tuple[Path, Formula]:
    w = arrays(W_enc_1=(D_SAE, D_IN), b_enc_1=(D_SAE,), b_dec_1=(D_IN,), threshold_1=(D_SAE,))
    w["threshold_1"] = np.abs(w["threshold_1"])
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("feature_input_hook: hook_resid_mid\nfeature_output_hook: hook_mlp_out\n")
    save_file(tensors(w), folder / "W_enc_1.safetensors")
    save_file(tensors(arrays(W_dec_1=(D_SAE, 2, D_IN))), folder / "W_dec_1.safetensors")
    return folder / "W_enc_1.safetensors", lambda h: above(h @ w["W_enc_1"].T + w["b_enc_1"], w["threshold_1"])


# name: (maker, place that is read, places that are written, or () where it is the same)
FORMS: dict[str, tuple[Maker, str, tuple[str, ...]]] = {
    "SAELens, gated": (saelens_gated, HOOK, ()),
    "SAELens, scaled inputs": (saelens_scaled, HOOK, ()),
    "SAELens, fine-tuned": (saelens_finetuned, HOOK, ()),
    "SAELens, Matryoshka": (saelens_matryoshka, HOOK, ()),
    "SAELens, transcoder with a skip": (saelens_transcoder, "blocks.1.mlp.hook_in", ("blocks.1.hook_mlp_out",)),
    "SAELens, JumpReLU transcoder": (saelens_jumprelu_transcoder, "blocks.1.mlp.hook_in", ("blocks.1.hook_mlp_out",)),
    "Gemma Scope": (gemma_scope, HOOK, ()),
    "Gemma Scope, transcoder": (gemma_scope_transcoder, "blocks.1.ln2.hook_normalized", ("blocks.1.hook_mlp_out",)),
    "Gemma Scope, cfg.json beside": (gemma_scope_with_cfg, "blocks.2.hook_resid_post", ()),
    "Gemma Scope 2": (gemma_scope_2, HOOK, ()),
    "Gemma Scope 2, affine transcoder": (
        gemma_scope_2_transcoder, "blocks.1.mlp.hook_in", ("blocks.1.hook_mlp_out",)
    ),
    "sparsify": (sparsify, HOOK, ()),
    "sparsify, skip transcoder": (sparsify_transcoder, "blocks.1.mlp.hook_in", ("blocks.1.mlp.hook_out",)),
    "AutoEncoder": (dl_autoencoder, HOOK, ()),
    "AutoEncoderNew": (dl_new, HOOK, ()),
    "GatedAutoEncoder": (dl_gated, HOOK, ()),
    "AutoEncoderTopK": (dl_topk, HOOK, ()),
    "BatchTopKSAE": (dl_batchtopk, HOOK, ()),
    "MatryoshkaBatchTopKSAE": (dl_matryoshka, HOOK, ()),
    "JumpReluAutoEncoder": (dl_jumprelu, HOOK, ()),
    "dictionary_learning, MLP outputs": (dl_mlp_out, "blocks.1.mlp.hook_out", ()),
    "circuit-tracer": (circuit_tracer, "blocks.1.hook_resid_mid", ("blocks.1.mlp.hook_out",)),
    "circuit-tracer, cross-layer": (
        cross_layer, "blocks.1.hook_resid_mid", ("blocks.1.hook_mlp_out", "blocks.2.hook_mlp_out")
    ),
}  # fmt: skip
