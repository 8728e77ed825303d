"""What a cfg.json says of a sparse autoencoder, as SAELens writes it today (6) and wrote it before.

Fields stand at the top level; what is about the language model has moved into `metadata`. `hook_name` was once
`hook_point`, and a TopK autoencoder a standard one whose `activation_fn` is topk.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ARCHITECTURES = ("standard", "topk", "jumprelu", "batchtopk")
RESCALINGS = ("none", "constant_norm_rescale", "layer_norm")
NOT_PROCESSED = (3, 19, 2)  # the first version of SAELens that leaves the model's weights as they are
VERSION = re.compile(r"(\d{1,5})\.(\d{1,5})\.(\d{1,5})")
OLD_NAMES = {
    "hook_point": "hook_name",
    "hook_point_head_index": "hook_head_index",
    "activation_fn_str": "activation_fn",
}


class SaeError(ValueError):
    """The sparse autoencoder cannot be read; the message says why in one line."""


@dataclass(frozen=True)
class Form:
    """How latents are made of what is at `hook`, in this order.

    `rescaling`: it is brought to one length. `subtracts_b_dec`: less the decoder's bias. Then come the encoder and the
    architecture's activation function; `by_decoder_norm` multiplies each pre-activation by the length of the latent's
    decoder row. `model_centred`: whether the writing weights of the model that it was trained on were centred, None
    where that is not known; centring.py has what that means at a hook. `model_sha256` is of the weights that it was
    trained on, where `train-sae` says so.
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


def form_of(cfg: object, where: str) -> Form:
    """The form of a cfg.json's content. Raises SaeError, beginning with `where`, for what is not read."""
    try:
        return checked(flat(cfg))
    except SaeError as error:
        raise SaeError(f"{where}: {error}") from None


def flat(cfg: object) -> dict[str, Any]:
    """All fields beside one another, under today's names."""
    if not isinstance(cfg, dict):
        raise SaeError("not an object of settings")
    metadata = cfg.get("metadata")
    whole = {**metadata, **cfg} if isinstance(metadata, dict) else cfg
    return {**whole, **{new: whole[old] for old, new in OLD_NAMES.items() if old in whole}}


def checked(cfg: Mapping[str, Any]) -> Form:
    architecture, k = architecture_of(cfg)
    check_reading(cfg)
    d_in, d_sae = (whole(cfg, name) for name in ("d_in", "d_sae"))
    if k is not None and k > d_sae:
        raise SaeError(f"k is {k}, of {d_sae} latents")
    return Form(
        architecture=architecture,
        hook=cfg["hook_name"],
        d_in=d_in,
        d_sae=d_sae,
        k=k,
        subtracts_b_dec=truth(cfg, "apply_b_dec_to_input", True),
        rescaling=rescaling_of(cfg.get("normalize_activations")),
        by_decoder_norm=architecture in ("topk", "batchtopk") and truth(cfg, "rescale_acts_by_decoder_norm", False),
        model_centred=model_centred(cfg),
        model_sha256=None if cfg.get("model_sha256") is None else str(cfg["model_sha256"]),
    )


def architecture_of(cfg: Mapping[str, Any]) -> tuple[str, int | None]:
    """The architecture, and how many latents a TopK autoencoder leaves active."""
    architecture, act_fn = cfg.get("architecture", "standard"), cfg.get("activation_fn") or "relu"
    if architecture == "standard" and act_fn == "topk":
        architecture = "topk"
    if architecture not in ARCHITECTURES:
        raise SaeError(f"architecture {architecture!r} is not read; {', '.join(ARCHITECTURES)} are")
    if act_fn not in ("relu", "topk") or (act_fn == "topk") > (architecture == "topk"):
        raise SaeError(f"activation function {act_fn!r} of a {architecture} autoencoder is not read; relu is")
    if architecture != "topk":
        return architecture, None
    given = cfg.get("activation_fn_kwargs")
    return architecture, whole(cfg if "k" in cfg or not isinstance(given, dict) else given, "k")


def check_reading(cfg: Mapping[str, Any]) -> None:
    """It reads one place of the model, all of it, and writes to the same."""
    if not isinstance(cfg.get("hook_name"), str):
        raise SaeError("no hook_name; it says where in the model the autoencoder reads")
    if cfg.get("hook_name_out", cfg["hook_name"]) not in (None, cfg["hook_name"]):
        raise SaeError(f"a transcoder, which writes to {cfg['hook_name_out']!r}; autoencoders are read")
    if cfg.get("hook_head_index") is not None or cfg.get("reshape_activations") not in (None, "none"):
        raise SaeError("it reads attention heads; those of MLPs and of the residual stream are read")


def rescaling_of(value: object) -> str:
    """Once true or false; a scale that training measured is not in the files until it is folded into the weights."""
    if value is True or value == "expected_average_only_in":
        raise SaeError(
            "normalize_activations: the scale of the inputs is not in the files; "
            "fold it into the weights (fold_activation_norm_scaling_factor in SAELens) and save again"
        )
    rescaling = "none" if value in (None, False) else value
    if rescaling not in RESCALINGS:
        raise SaeError(f"normalize_activations {value!r} is not read; {', '.join(RESCALINGS)} are")
    return rescaling


def model_centred(cfg: Mapping[str, Any]) -> bool | None:
    """Whether the writing weights of the model that it was trained on were centred; None where cfg.json cannot tell.

    What the model was loaded with says so, or else the version of SAELens that trained it: until 3.19.1 it loaded
    models by transformer_lens's `from_pretrained`, which centres, and since then by `from_pretrained_no_processing`.
    Only versions before 3.0.0 wrote `hook_point`. A version that was looked for and not known is null.
    """
    options = cfg.get("model_from_pretrained_kwargs")
    if isinstance(options, dict) and "center_writing_weights" in options:
        return truth(options, "center_writing_weights", False)
    version = version_of(cfg.get("sae_lens_training_version", cfg.get("sae_lens_version")))
    if version is not None:
        return version < NOT_PROCESSED
    return True if "hook_point" in cfg else None


def version_of(value: object) -> tuple[int, ...] | None:
    """The first three numbers of a version."""
    numbers = VERSION.match(value) if isinstance(value, str) else None
    return None if numbers is None else tuple(map(int, numbers.groups()))


def whole(cfg: Mapping[str, Any], name: str) -> int:
    if type(cfg.get(name)) is not int or cfg[name] < 1:
        raise SaeError(f"{name} is {cfg.get(name)!r}, not a whole number from 1 on")
    return cfg[name]


def truth(cfg: Mapping[str, Any], name: str, usual: bool) -> bool:
    value = cfg.get(name, usual)
    if type(value) is not bool:
        raise SaeError(f"{name} is {value!r}, not true or false")
    return value
