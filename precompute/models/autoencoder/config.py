"""Settings of a sparse autoencoder from cfg.json, as SAELens 6 writes it and as older versions wrote it.

Fields are at the top level; those about the language model have moved into `metadata`. `hook_name` was once
`hook_point`, and a TopK autoencoder was a standard one with `activation_fn` topk.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ARCHITECTURES = ("standard", "topk", "jumprelu", "batchtopk")
RESCALINGS = ("none", "constant_norm_rescale", "layer_norm")
NOT_PROCESSED = (3, 19, 2)  # the first version of SAELens that does not process the model's weights
VERSION = re.compile(r"(\d{1,5})\.(\d{1,5})\.(\d{1,5})")
OLD_NAMES = {
    "hook_point": "hook_name",
    "hook_point_head_index": "hook_head_index",
    "activation_fn_str": "activation_fn",
}


class SaeError(ValueError):
    """Raised when a sparse autoencoder cannot be read; the message is one line."""


@dataclass(frozen=True)
class SaeConfig:
    """Computation of latents from the activations at `hook`, in this order.

    `rescaling`: scale the activations to one norm. `subtracts_b_dec`: subtract the decoder's bias. Then the encoder and
    the architecture's activation function; `by_decoder_norm` multiplies each pre-activation by the norm of the latent's
    decoder row. `model_centred`: True if the training model's writing weights were centred, None if unknown
    (centring.py explains the effect). `model_sha256`: hash of the training model's weights, if `train-sae` recorded it.
    """

    architecture: str
    hook: str
    d_in: int
    d_sae: int
    k: int | None = None
    subtracts_b_dec: bool = True
    rescaling: str = "none"
    by_decoder_norm: bool = False
    model_centred: bool | None = None
    model_sha256: str | None = None


def parse_config(cfg: object, path: str) -> SaeConfig:
    """Return the settings in the content of a cfg.json. Raises SaeError, beginning with `path`, if unsupported."""
    try:
        return validated(flattened(cfg))
    except SaeError as error:
        raise SaeError(f"{path}: {error}") from None


def flattened(cfg: object) -> dict[str, Any]:
    """Return all fields at one level, under current names."""
    if not isinstance(cfg, dict):
        raise SaeError("not a JSON object")
    metadata = cfg.get("metadata")
    merged = {**metadata, **cfg} if isinstance(metadata, dict) else cfg
    return {**merged, **{new: merged[old] for old, new in OLD_NAMES.items() if old in merged}}


def validated(cfg: Mapping[str, Any]) -> SaeConfig:
    architecture, k = architecture_of(cfg)
    check_reading(cfg)
    d_in, d_sae = (positive_int(cfg, name) for name in ("d_in", "d_sae"))
    if k is not None and k > d_sae:
        raise SaeError(f"k is {k}, but there are only {d_sae} latents")
    return SaeConfig(
        architecture=architecture,
        hook=cfg["hook_name"],
        d_in=d_in,
        d_sae=d_sae,
        k=k,
        subtracts_b_dec=read_bool(cfg, "apply_b_dec_to_input", True),
        rescaling=rescaling_of(cfg.get("normalize_activations")),
        by_decoder_norm=architecture in ("topk", "batchtopk") and read_bool(cfg, "rescale_acts_by_decoder_norm", False),
        model_centred=model_centred(cfg),
        model_sha256=None if cfg.get("model_sha256") is None else str(cfg["model_sha256"]),
    )


def architecture_of(cfg: Mapping[str, Any]) -> tuple[str, int | None]:
    """Return the architecture, and k if it is TopK."""
    architecture, act_fn = cfg.get("architecture", "standard"), cfg.get("activation_fn") or "relu"
    if architecture == "standard" and act_fn == "topk":
        architecture = "topk"
    if architecture not in ARCHITECTURES:
        raise SaeError(f"architecture {architecture!r} is not supported; use {', '.join(ARCHITECTURES)}")
    if act_fn not in ("relu", "topk") or (act_fn == "topk") > (architecture == "topk"):
        raise SaeError(f"activation function {act_fn!r} is not supported for a {architecture} autoencoder; use relu")
    if architecture != "topk":
        return architecture, None
    kwargs = cfg.get("activation_fn_kwargs")
    return architecture, positive_int(cfg if "k" in cfg or not isinstance(kwargs, dict) else kwargs, "k")


def check_reading(cfg: Mapping[str, Any]) -> None:
    """Check that the autoencoder reads one place of the model and writes to the same place."""
    if not isinstance(cfg.get("hook_name"), str):
        raise SaeError("no hook_name, the place in the model that the autoencoder reads")
    if cfg.get("hook_name_out", cfg["hook_name"]) not in (None, cfg["hook_name"]):
        raise SaeError(f"a transcoder that writes to {cfg['hook_name_out']!r}; only autoencoders are supported")
    if cfg.get("hook_head_index") is not None or cfg.get("reshape_activations") not in (None, "none"):
        raise SaeError("reads attention heads; only hooks on MLPs and the residual stream are supported")


def rescaling_of(value: object) -> str:
    """Return the rescaling; older files have true or false. A scale measured in training is not in the files."""
    if value is True or value == "expected_average_only_in":
        raise SaeError(
            "normalize_activations: the scale of the inputs is not in the files; "
            "fold it into the weights (fold_activation_norm_scaling_factor in SAELens) and save again"
        )
    rescaling = "none" if value in (None, False) else value
    if rescaling not in RESCALINGS:
        raise SaeError(f"normalize_activations {value!r} is not supported; use {', '.join(RESCALINGS)}")
    return rescaling


def model_centred(cfg: Mapping[str, Any]) -> bool | None:
    """Return whether the training model's writing weights were centred; None if cfg.json does not tell.

    The loading options decide, else the version of SAELens: up to 3.19.1 it loaded models with transformer_lens's
    `from_pretrained`, which centres, and later with `from_pretrained_no_processing`. Only versions before 3.0.0 wrote
    `hook_point`. A version that could not be determined is null.
    """
    options = cfg.get("model_from_pretrained_kwargs")
    if isinstance(options, dict) and "center_writing_weights" in options:
        return read_bool(options, "center_writing_weights", False)
    version = version_of(cfg.get("sae_lens_training_version", cfg.get("sae_lens_version")))
    if version is not None:
        return version < NOT_PROCESSED
    return True if "hook_point" in cfg else None


def version_of(value: object) -> tuple[int, ...] | None:
    """Return the first three numbers of a version."""
    numbers = VERSION.match(value) if isinstance(value, str) else None
    return None if numbers is None else tuple(map(int, numbers.groups()))


def positive_int(cfg: Mapping[str, Any], name: str) -> int:
    if type(cfg.get(name)) is not int or cfg[name] < 1:
        raise SaeError(f"{name} is {cfg.get(name)!r}, not a positive whole number")
    return cfg[name]


def read_bool(cfg: Mapping[str, Any], name: str, default: bool) -> bool:
    value = cfg.get(name, default)
    if type(value) is not bool:
        raise SaeError(f"{name} is {value!r}, not true or false")
    return value
