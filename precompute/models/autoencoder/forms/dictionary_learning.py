"""dictionary_learning: `config.json` and `ae.pt`, whose tensors are read without running anything in the file.

AutoEncoder             relu((x − bias) · W + b), times the norms of the decoder's columns
AutoEncoderNew          relu(x · W + b)
GatedAutoEncoder        gated, of x − decoder_bias
AutoEncoderTopK         the k largest of relu((x − b_dec) · W + b)
BatchTopKSAE            relu((x − b_dec) · W + b) above one threshold; MatryoshkaBatchTopKSAE as well
JumpReluAutoEncoder     relu(x · W + b) above a threshold per latent
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from precompute.models.autoencoder.config import SaeError, positive_int
from precompute.models.autoencoder.forms.form import AS_LOADED, Form, fields_of, last_parts, renamed
from precompute.models.autoencoder.stored import StoredTensors, torch_weights

CONFIG, WEIGHTS = "config.json", "ae.pt"
LINEAR = {"W_enc": "encoder.weight", "W_dec": "decoder.weight"}
PLACE = re.compile(r"(resid|mlp)_(?:post|out)(?:_layer_?(\d{1,4}))?")


@dataclass(frozen=True)
class Kind:
    """A class of dictionaries: SAELens's architecture, the names of its tensors, and tensors that no latent needs."""

    architecture: str
    names: Mapping[str, str]
    subtracts: bool = True
    by_decoder_norm: bool = False
    unused: tuple[str, ...] = ()
    fields: tuple[str, ...] = field(default=())


BIASED = {**LINEAR, "b_enc": "encoder.bias"}
KINDS = {
    "AutoEncoder": Kind("standard", {**BIASED, "b_dec": "bias"}, by_decoder_norm=True),
    "AutoEncoderNew": Kind("standard", {**BIASED, "b_dec": "decoder.bias"}, subtracts=False),
    "GatedAutoEncoder": Kind("gated", {**LINEAR, "b_dec": "decoder_bias", "b_gate": "gate_bias", "b_mag": "mag_bias"}),
    "AutoEncoderTopK": Kind("topk", BIASED, unused=("k", "threshold"), fields=("k",)),
    "BatchTopKSAE": Kind("batchtopk", BIASED, unused=("k",)),
    "MatryoshkaBatchTopKSAE": Kind("matryoshka_batchtopk", {}, unused=("k", "group_sizes")),
    "JumpReluAutoEncoder": Kind("jumprelu", {}, subtracts=False),
}


def settings(place: Path) -> tuple[dict[str, Any], Path]:
    path = place / CONFIG
    trainer = trainer_of(path)
    kind = kind_of(trainer, path)
    try:
        d_in, d_sae = (positive_int(trainer, name) for name in ("activation_dim", "dict_size"))
        hooks = {"hook_name": hook_of(trainer, place)}
    except SaeError as error:
        raise SaeError(f"{path}: {error}") from None
    return {
        "architecture": kind.architecture,
        "d_in": d_in,
        "d_sae": d_sae,
        "apply_b_dec_to_input": kind.subtracts,
        "rescale_acts_by_decoder_norm": kind.by_decoder_norm,
        **{name: trainer.get(name) for name in kind.fields},
        **hooks,
        **AS_LOADED,
    }, path


def trainer_of(path: Path) -> dict[str, Any]:
    trainer = fields_of(path).get("trainer")
    if not isinstance(trainer, dict):
        raise SaeError(f"{path}: no settings of a trainer, which dictionary_learning writes")
    return trainer


def kind_of(trainer: dict[str, Any], path: Path) -> Kind:
    name = trainer.get("dict_class")
    if not isinstance(name, str) or name not in KINDS:
        raise SaeError(f"{path}: dict_class {str(name)[:80]!r} is not supported; use {', '.join(KINDS)}")
    return KINDS[name]


def hook_of(trainer: dict[str, Any], place: Path) -> str:
    """Return the place that the settings say, or the folder's name: the output of a block or of its MLP."""
    if isinstance(trainer.get("hook_name"), str):
        return trainer["hook_name"]
    submodule = trainer.get("submodule_name")
    name = PLACE.search(submodule if isinstance(submodule, str) else last_parts(place))
    if name is None or type(trainer.get("layer")) is not int or int(name[2] or trainer["layer"]) != trainer["layer"]:
        raise SaeError(
            "neither submodule_name nor the folder's name says what is read (resid_post_layer_N, mlp_out_layer_N); "
            'add it to "trainer": "hook_name": "blocks.N.hook_resid_post"'
        )
    return f"blocks.{trainer['layer']}." + ("hook_resid_post" if name[1] == "resid" else "mlp.hook_out")


def tensors(place: Path) -> tuple[StoredTensors, Path]:
    path = place / WEIGHTS
    kind = kind_of(trainer_of(place / CONFIG), place / CONFIG)
    stored = {name: tensor for name, tensor in torch_weights(path).items() if name not in kind.unused}
    result = renamed(stored, kind.names, tuple(LINEAR) if "W_enc" in kind.names else ())
    if "batchtopk" in kind.architecture and "threshold" in result and "b_enc" in result:  # one for all latents
        result["threshold"] = result["threshold"].expanded(*result["b_enc"].shape)
    return result, path


NAMES = {**BIASED, "b_gate": "gate_bias", "b_mag": "mag_bias"}
DICTIONARY_LEARNING = Form("dictionary_learning", (CONFIG, WEIGHTS), settings, tensors, NAMES)
