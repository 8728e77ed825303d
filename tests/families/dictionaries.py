"""Sparse autoencoders, one variant and one hook a case: latents from a plain formula on values of plain hooks.

A dictionary of a model with centred writing weights is compared with that model, centred here.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
import transformers
from jaxtyping import Float
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from tests.families.case import Case, Comparison
from tests.families.compare import ALLOWED, AtlasComparison, n_ids
from tests.families.decoders import GPT2, GQA, LLAMA, NEOX
from tests.families.models import N_SIZES, SIZES, random_model, writer
from tests.families.plain import Names, Plain, capture_values, flat

D_SAE, LAYER, KWARGS = 48, 1, "model_from_pretrained_kwargs"
CENTRED, RAW = {KWARGS: {"center_writing_weights": True}}, {KWARGS: {"center_writing_weights": False}}


@dataclass(frozen=True)
class Family:
    """A model, the modules of SAELens's hooks, and the modules that write into the residual stream."""

    kind: str
    names: Names
    make: Callable[[], nn.Module]
    points: Mapping[str, tuple[str, str]]
    d_model: int = 32
    d_mlp: int = 40
    embeddings: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()

    def d_in(self, part: str) -> int:
        return self.d_mlp if part == "mlp.hook_post" else self.d_model


FAMILIES = {
    "gpt2": Family(
        "GPT2LMHeadModel",
        GPT2,
        lambda: random_model("GPT2LMHeadModel", config="GPT2Config", **N_SIZES),
        {
            "mlp.hook_post": ("mlp.c_proj", "in"),
            "hook_mlp_out": ("mlp", "out"),
            "hook_resid_pre": ("", "in"),
            "hook_resid_mid": ("ln_2", "in"),
            "hook_resid_post": ("", "out"),
        },
        d_mlp=128,
        embeddings=("wte", "wpe"),
        writers=("c_proj",),
    ),
    "neox": Family(
        "GPTNeoXForCausalLM",
        NEOX,
        lambda: random_model("GPTNeoXForCausalLM", **SIZES),
        {"hook_mlp_out": ("mlp", "out"), "hook_resid_pre": ("", "in")},
        embeddings=("embed_in",),
        writers=("dense", "dense_4h_to_h"),
    ),
    "llama": Family(
        "LlamaForCausalLM",
        LLAMA,
        lambda: random_model("LlamaForCausalLM", **GQA),
        {
            "mlp.hook_post": ("mlp.down_proj", "in"),
            "hook_mlp_out": ("mlp", "out"),
            "hook_resid_pre": ("", "in"),
            "hook_resid_mid": ("post_attention_layernorm", "in"),
            "hook_resid_post": ("", "out"),
        },
    ),
}


@dataclass(frozen=True)
class Dictionary:
    """An autoencoder as SAELens would save it: `cfg` without sizes and hook; `centred`: its model was centred."""

    family: str
    part: str
    cfg: Mapping = field(default_factory=dict)
    centred: bool = False
    old: bool = False

    @property
    def model_family(self) -> Family:
        return FAMILIES[self.family]

    @property
    def name(self) -> str:
        return f"blocks.{LAYER}.{self.part}"

    def make(self, folder: Path) -> list[str]:
        """Write the model, its corpus and the dictionary."""
        options = writer(self.model_family.make)(folder)
        cfg = {
            "d_in": self.model_family.d_in(self.part),
            "d_sae": D_SAE,
            "hook_point" if self.old else "hook_name": self.name,
        }
        (folder / "sae").mkdir()
        (folder / "sae" / "cfg.json").write_text(json.dumps({**cfg, **self.cfg}))
        save_file(weights(cfg["d_in"], self.cfg.get("architecture")), folder / "sae" / "sae_weights.safetensors")
        return [*options, "--sae", str(folder / "sae")]

    def check(self, folder: Path, atlas) -> Comparison:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder / "model", local_files_only=True)
        plain = PlainLatents(folder, self)
        comparison = AtlasComparison(atlas, plain, set(tokenizer.all_special_ids), n_ids(tokenizer))
        return Comparison(
            {
                "activations": (comparison.activations(), ALLOWED[torch.float32]),
                "importances": (comparison.importances(), ALLOWED[torch.float32]),
                "selection": (comparison.selection_errors(), 0),
            },
            [f"mean {'subtracted' if atlas.manifest.model.sae['centred'] else 'unchanged'}"],
        )


def weights(d_in: int, architecture: str | None) -> dict[str, Tensor]:
    """Return decoder rows of many lengths, non-zero biases, and thresholds if the architecture has them."""
    rng = torch.Generator().manual_seed(0)
    shapes = {"W_enc": (d_in, D_SAE), "b_enc": (D_SAE,), "W_dec": (D_SAE, d_in), "b_dec": (d_in,)}
    tensors = {name: torch.randn(shape, generator=rng) for name, shape in shapes.items()}
    tensors["W_dec"] *= 0.2 + 2 * torch.rand(D_SAE, 1, generator=rng)
    if architecture in ("jumprelu", "batchtopk"):
        tensors["threshold"] = torch.rand(D_SAE, generator=rng)
    return tensors


class PlainLatents(Plain):
    """The plain model with latents as `activations`, for the one layer of the atlas."""

    def __init__(self, folder: Path, dictionary: Dictionary):
        super().__init__(folder / "model", dictionary.model_family.kind, dictionary.model_family.names)
        self.dictionary, self.file = dictionary, load_file(folder / "sae" / "sae_weights.safetensors")
        if dictionary.centred:
            centre(self.model, dictionary.model_family)
        module, self.side = dictionary.model_family.points[dictionary.part]
        self.read = self.module(LAYER, module) if module else self.blocks[LAYER]

    def activations(self, tokens) -> list[Float[Tensor, "pos n_neurons"]]:
        with capture_values({"h": (self.read, self.side)}) as values:
            self.forward(tokens)
        return [torch.empty(0)] * LAYER + [latents(flat(values["h"]), self.file, self.dictionary.cfg)]

    def clean(self, tokens) -> "PlainLatents.Clean":
        return PlainLatents.Clean(self.activations(tokens))

    @dataclass(frozen=True)
    class Clean:
        activations: list[Tensor]


def centre(model: nn.Module, family: Family) -> None:
    """Subtract from everything written into the stream its mean over the stream, which LayerNorms ignore."""
    with torch.no_grad():
        for name, module in model.named_modules():
            last = name.split(".")[-1]
            if last in family.embeddings:
                module.weight -= module.weight.mean(-1, keepdim=True)
            if last in family.writers:
                module.weight -= module.weight.mean(0 if isinstance(module, nn.Linear) else 1, keepdim=True)
                module.bias -= module.bias.mean()


def latents(h: Float[Tensor, "pos d_in"], w: Mapping[str, Tensor], cfg: Mapping) -> Float[Tensor, "pos d_sae"]:
    """Compute the latents with SAELens's arithmetic, written out."""
    x = h.double()
    if cfg.get("normalize_activations") == "constant_norm_rescale":
        x = x * x.shape[1] ** 0.5 / x.norm(dim=1, keepdim=True)
    if cfg.get("normalize_activations") == "layer_norm":
        x = x - x.mean(1, keepdim=True)
        x = x / (x.std(1, keepdim=True) + 1e-5)
    if cfg.get("apply_b_dec_to_input", True):
        x = x - w["b_dec"]
    z = x @ w["W_enc"].double() + w["b_enc"]
    if cfg.get("rescale_acts_by_decoder_norm"):
        z = z * w["W_dec"].norm(dim=1)
    if cfg.get("architecture") == "topk":
        return z.relu() * (z >= z.topk(cfg["k"]).values[:, -1:])
    return z.relu() * (z > w["threshold"]) if "threshold" in w else z.relu()


TOPK = {"architecture": "topk", "k": 8}
DICTIONARIES = {
    # every hook, of models whose weights were not centred
    **{f"{family} {part}": Dictionary(family, part, RAW) for family in ("gpt2", "llama") for part in
       FAMILIES[family].points},
    # every architecture
    "gpt2 topk": Dictionary("gpt2", "hook_resid_pre", {**RAW, **TOPK}),
    "llama topk": Dictionary("llama", "hook_resid_post", {**RAW, **TOPK}),
    "llama topk, decoder norm": Dictionary(
        "llama", "mlp.hook_post", {**RAW, **TOPK, "rescale_acts_by_decoder_norm": True}
    ),
    "gpt2 jumprelu": Dictionary("gpt2", "mlp.hook_post", {**RAW, "architecture": "jumprelu"}),
    "llama batchtopk": Dictionary("llama", "hook_mlp_out", {**RAW, "architecture": "batchtopk", "k": 7.5}),
    "gpt2 constant norm": Dictionary(
        "gpt2", "hook_resid_mid", {**RAW, "normalize_activations": "constant_norm_rescale"}
    ),
    "llama layer norm": Dictionary("llama", "hook_resid_pre", {**RAW, "normalize_activations": "layer_norm"}),
    "gpt2 without b_dec": Dictionary("gpt2", "hook_resid_post", {**RAW, "apply_b_dec_to_input": False}),
    # models whose writing weights were centred, by option or by version
    **{f"gpt2 old {part}": Dictionary("gpt2", part, centred=True, old=True) for part in FAMILIES["gpt2"].points},
    **{f"neox old {part}": Dictionary("neox", part, centred=True, old=True) for part in FAMILIES["neox"].points},
    "llama old hook_resid_pre": Dictionary("llama", "hook_resid_pre", old=True),
    "gpt2 of 3.5": Dictionary("gpt2", "hook_resid_pre", {"sae_lens_training_version": "3.5.0"}, centred=True),
    "gpt2 centred": Dictionary("gpt2", "hook_resid_post", CENTRED, centred=True),
    "gpt2 old, not centred": Dictionary("gpt2", "hook_resid_pre", RAW, old=True),
    "llama centred": Dictionary("llama", "hook_mlp_out", CENTRED),
}  # fmt: skip
UNKNOWN = Dictionary("gpt2", "hook_resid_pre")
CASES = [Case(f"sae {name}", each.make, each.check) for name, each in DICTIONARIES.items()] + [
    Case("sae of no version", UNKNOWN.make, refusal="does not say whether the training model")
]
