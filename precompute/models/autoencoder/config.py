"""Settings of a sparse dictionary, in the vocabulary of SAELens's cfg.json: version 6, and what older ones wrote.

Fields are at the top level; those about the language model have moved into `metadata`. `hook_name` was once
`hook_point`, and a TopK autoencoder was a standard one with `activation_fn` topk. Other forms (forms/) are translated
into this vocabulary, so that one reading of the settings serves all.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Activation function by architecture; a transcoder writes to another place than it reads.
ARCHITECTURES = {
    "standard": "relu",
    "topk": "topk",
    "jumprelu": "threshold",
    "batchtopk": "threshold",
    "matryoshka_batchtopk": "threshold",
    "gated": "gated",
    "transcoder": "relu",
    "skip_transcoder": "relu",
    "jumprelu_transcoder": "threshold",
    "jumprelu_skip_transcoder": "threshold",
}
SCALED_BY_ROWS = ("standard", "topk", "batchtopk", "matryoshka_batchtopk")  # by an option of theirs
RESCALINGS = ("none", "constant_norm_rescale", "layer_norm")
AVERAGE = "expected_average_only_in"  # inputs times one number, measured in training
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
    the activation function; `by_decoder_norm` multiplies each pre-activation by the norm of the latent's decoder row.
    `hooks_out`: places that the decoder of a transcoder writes to, each `d_out` wide; empty: it writes where it reads.
    `scale`: number that multiplies the inputs, folded into the weights. `finetuned`: the file may hold a factor per
    latent. `model_centred`: True if the training model's writing weights were centred, None if unknown (centring.py
    explains the effect). `model_sha256`: hash of the training model's weights, if `train-sae` recorded it.
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
    hooks_out: tuple[str, ...] = ()
    d_out: int = 0
    scale: float = 1.0
    finetuned: bool = False

    @property
    def activation(self) -> str:
        """Return the activation function: relu, topk, threshold or gated."""
        return ARCHITECTURES[self.architecture]


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
    hooks_out = places_of(cfg, architecture)
    d_in, d_sae = (positive_int(cfg, name) for name in ("d_in", "d_sae"))
    if k is not None and k > d_sae:
        raise SaeError(f"k is {k}, but there are only {d_sae} latents")
    scale = scale_of(cfg)
    return SaeConfig(
        architecture=architecture,
        hook=cfg["hook_name"],
        d_in=d_in,
        d_sae=d_sae,
        k=k,
        subtracts_b_dec=subtracts_b_dec(cfg, bool(hooks_out)),
        rescaling="none" if scale is not None else rescaling_of(cfg.get("normalize_activations")),
        by_decoder_norm=not hooks_out and by_decoder_norm(cfg, architecture),
        model_centred=model_centred(cfg),
        model_sha256=None if cfg.get("model_sha256") is None else str(cfg["model_sha256"]),
        hooks_out=hooks_out,
        d_out=positive_int(cfg, "d_out") if hooks_out and "d_out" in cfg else d_in,
        scale=1.0 if scale is None else scale,
        finetuned=read_bool(cfg, "finetuning_scaling_factor", False),
    )


def architecture_of(cfg: Mapping[str, Any]) -> tuple[str, int | None]:
    """Return the architecture, and k if it is TopK."""
    architecture, act_fn = cfg.get("architecture", "standard"), cfg.get("activation_fn") or "relu"
    if architecture == "standard" and act_fn == "topk":
        architecture = "topk"
    if not isinstance(architecture, str) or architecture not in ARCHITECTURES:
        raise SaeError(f"architecture {architecture!r} is not supported; use {', '.join(ARCHITECTURES)}")
    if act_fn not in ("relu", "topk") or (act_fn == "topk") > (architecture == "topk"):
        raise SaeError(f"activation function {act_fn!r} is not supported for a {architecture} autoencoder; use relu")
    if architecture != "topk":
        return architecture, None
    kwargs = cfg.get("activation_fn_kwargs")
    return architecture, positive_int(cfg if "k" in cfg or not isinstance(kwargs, dict) else kwargs, "k")


def places_of(cfg: Mapping[str, Any], architecture: str) -> tuple[str, ...]:
    """Return the places that the decoder writes to, if it does not write where the encoder reads."""
    if not isinstance(cfg.get("hook_name"), str):
        raise SaeError("no hook_name, the place in the model that the autoencoder reads")
    if cfg.get("hook_head_index") is not None or cfg.get("reshape_activations") not in (None, "none"):
        raise SaeError("reads attention heads; only hooks on MLPs and the residual stream are supported")
    hooks_out = cfg.get("hook_name_out")
    hooks_out = hooks_out if isinstance(hooks_out, list | tuple) else [] if hooks_out is None else [hooks_out]
    if not all(isinstance(hook, str) for hook in hooks_out):
        raise SaeError("hook_name_out is no name of a place in the model that the decoder writes to")
    if "transcoder" in architecture and not hooks_out:
        raise SaeError("no hook_name_out, the place in the model that the decoder of a transcoder writes to")
    return () if list(hooks_out) == [cfg["hook_name"]] else tuple(hooks_out)


def subtracts_b_dec(cfg: Mapping[str, Any], is_transcoder: bool) -> bool:
    """Return whether b_dec is subtracted from the inputs: never in a transcoder, whose b_dec is of its outputs."""
    if is_transcoder and read_bool(cfg, "apply_b_dec_to_input", False):
        raise SaeError("apply_b_dec_to_input is true, but the b_dec of a transcoder belongs to its outputs; use false")
    return read_bool(cfg, "apply_b_dec_to_input", not is_transcoder)


def by_decoder_norm(cfg: Mapping[str, Any], architecture: str) -> bool:
    """Return whether pre-activations are multiplied by the norms of the decoder's rows."""
    return architecture in SCALED_BY_ROWS and read_bool(cfg, "rescale_acts_by_decoder_norm", False)


def scale_of(cfg: Mapping[str, Any]) -> float | None:
    """Return the number that multiplies the inputs, None if there is none.

    It was measured in training, and is in SAELens's table of releases or was added to cfg.json as norm_scaling_factor.
    """
    if cfg.get("normalize_activations") not in (True, AVERAGE):
        return None
    scale = cfg.get("norm_scaling_factor")
    if scale is None:
        raise SaeError(
            "normalize_activations: the scale of the inputs is not in the files; add it to cfg.json as "
            "norm_scaling_factor, or fold it into the weights (fold_activation_norm_scaling_factor in SAELens)"
        )
    if type(scale) not in (int, float) or not 0 < scale < float("inf"):
        raise SaeError(f"norm_scaling_factor is {scale!r}, not a number above 0")
    return float(scale)


def rescaling_of(value: object) -> str:
    """Return the rescaling; older files have true or false."""
    rescaling = "none" if value in (None, False) else value
    if rescaling not in RESCALINGS:
        raise SaeError(f"normalize_activations {value!r} is not supported; use {', '.join((*RESCALINGS, AVERAGE))}")
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
