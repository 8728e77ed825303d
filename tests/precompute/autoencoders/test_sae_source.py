"""Latents of sparse autoencoders as neurons: every form against SAELens's formula, every hook against the model."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from precompute.models.autoencoder import SaeSource, open_sae
from precompute.models.source import LayerPass, Readings
from precompute.models.text_source import MaskingMode
from precompute.models.transformer import masking
from tests.precompute.models.test_transformer_source import (
    MLPS,
    one_thread,  # noqa: F401
    prompts,
    read,
)
from tests.support.models.tiny_saes import cfg_of, latents_of, sae_weights, tiny_sae, write
from tests.support.tiny_models import tiny_checkpoint

# name: (fields of cfg.json, options of the reference implementation)
FORMS = {
    "standard": ({}, {}),
    "without b_dec": ({"apply_b_dec_to_input": False}, {"subtracts_b_dec": False}),
    "constant norm": ({"normalize_activations": "constant_norm_rescale"}, {"rescaling": "constant_norm_rescale"}),
    "layer norm": ({"normalize_activations": "layer_norm"}, {"rescaling": "layer_norm"}),
    "topk": ({"architecture": "topk", "k": 5}, {"k": 5}),
    "topk by decoder norm": (
        {"architecture": "topk", "k": 5, "rescale_acts_by_decoder_norm": True},
        {"k": 5, "by_decoder_norm": True},
    ),
    "jumprelu": ({"architecture": "jumprelu"}, {}),
    "batchtopk": ({"architecture": "batchtopk", "k": 7.5}, {}),
}
# hook of block 1: (module of the Hugging Face model, its input or its output)
HOOKS = {
    "blocks.1.mlp.hook_post": ("transformer.h.1.mlp.c_proj", "in"),
    "blocks.1.mlp.out.hook_in": ("transformer.h.1.mlp.c_proj", "in"),
    "blocks.1.hook_mlp_out": ("transformer.h.1.mlp", "out"),
    "blocks.1.mlp.hook_out": ("transformer.h.1.mlp", "out"),
    "blocks.1.hook_resid_pre": ("transformer.h.1", "in"),
    "blocks.1.hook_resid_mid": ("transformer.h.1.ln_2", "in"),
    "blocks.1.hook_resid_post": ("transformer.h.2", "in"),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return tiny_checkpoint("gpt2", tmp_path_factory.mktemp("model"))


def width(hook: str) -> int:
    return 64 if ("hook_post" in hook and "resid" not in hook) or "mlp.out" in hook else 16


def plain(model: Path, hook: str, tokens: torch.Tensor, embedded: torch.Tensor | None = None) -> torch.Tensor:
    """Activations at the hook, [batch pos d_in], by plain transformers."""
    whole, captured = AutoModelForCausalLM.from_pretrained(model, attn_implementation="eager").eval(), {}
    module, side = HOOKS[hook]
    part = whole.get_submodule(module)
    if side == "in":
        part.register_forward_pre_hook(lambda _, args: captured.update(h=args[0]))
    else:
        part.register_forward_hook(lambda _, args, out: captured.update(h=out))
    with torch.inference_mode():
        whole(**({"input_ids": tokens} if embedded is None else {"inputs_embeds": embedded}))
    return captured["h"].reshape(len(tokens), -1, captured["h"].shape[-1])


def same_latents(source: SaeSource, layer_pass: LayerPass, folder: Path, h: torch.Tensor, **options: object) -> None:
    expected = latents_of(folder, h.flatten(0, 1).numpy(), **options)
    assert (expected > 0).any()
    assert (expected == 0).any()
    np.testing.assert_allclose(layer_pass.activations.flatten(0, 1).numpy(), expected, atol=2e-4, rtol=1e-3)


def pre_activations(source: SaeSource, layer_pass: LayerPass) -> np.ndarray:
    """sum(x ⊙ w) + b for every latent, from the embeddings."""
    weights, x = source.layer(1), source.inputs(1, layer_pass.x).flatten(0, 1).numpy()
    return np.stack([weights.embed(x, j).sum(1) + weights.b_in[j] for j in range(weights.n_neurons)], axis=1)


@pytest.mark.parametrize("name", FORMS)
def test_latents_match_saelens_and_the_identity_holds(model, tmp_path, name):
    cfg, options = FORMS[name]
    source = open_sae(str(tiny_sae(tmp_path / "sae", **cfg)), str(model))
    tokens, _ = prompts()
    layer_pass = read(source, tokens, torch.full((len(tokens),), tokens.shape[1]))[1]
    same_latents(source, layer_pass, tmp_path / "sae", plain(model, "blocks.1.mlp.hook_post", tokens), **options)
    z, f = pre_activations(source, layer_pass), layer_pass.activations.flatten(0, 1).numpy()
    np.testing.assert_allclose(f[f > 0], z[f > 0], atol=2e-4, rtol=1e-3)  # a latent that fires is its pre-activation
    assert (f >= 0).all()


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_matches_the_model(model, tmp_path, hook):
    source = open_sae(str(tiny_sae(tmp_path / "sae", width(hook), hook)), str(model))
    tokens, _ = prompts()
    layer_pass = read(source, tokens, torch.full((len(tokens),), tokens.shape[1]))[1]
    same_latents(source, layer_pass, tmp_path / "sae", plain(model, hook, tokens))
    assert source.layers == (1,)
    assert not any(point.fwd_hooks for point in source._bridge.hook_dict.values())


@pytest.mark.fast("True")
@pytest.mark.parametrize("topk", [False, True])
@pytest.mark.parametrize("hook", ["blocks.1.mlp.hook_post", "blocks.1.hook_mlp_out", "blocks.1.hook_resid_mid",
                                  "blocks.1.hook_resid_pre", "blocks.1.hook_resid_post"])  # fmt: skip
def test_masking_equals_masking_one_token_at_a_time(model, tmp_path, hook, topk, monkeypatch):
    monkeypatch.setattr(masking, "TOKENS_PER_PASS", {"cpu": 45})
    monkeypatch.setattr("precompute.models.autoencoder.latents.MAX_LATENTS", 120)  # three rows at a time
    cfg, options = FORMS["topk" if topk else "standard"]
    folder = tiny_sae(tmp_path / "sae", width(hook), hook, **cfg)
    source = open_sae(str(folder), str(model))
    assert source.masking_mode(20).reuses
    tokens, lengths = prompts()
    readings = random_readings(lengths.tolist())
    (baseline,) = source.baselines(["mean-embedding"]).values()
    values = source.read_masked(tokens, lengths, readings, baseline)
    expected = one_at_a_time(model, hook, tokens, readings, baseline, lambda h: latents_of(folder, h, **options))
    assert (expected > 0).mean() > 0.05
    np.testing.assert_allclose(values, expected, atol=2e-4, rtol=1e-3)


def random_readings(lengths: list[int]) -> Readings:
    rng, rows = np.random.default_rng(0), []
    for prompt, masked in ((0, 1), (0, 7), (0, 18), (2, 1), (2, 4), (3, 5)):
        for _ in range(20):
            rows.append((prompt, masked, rng.integers(masked, min(masked + 6, lengths[prompt])), 1, rng.integers(40)))
    return Readings(*np.array(rows)[rng.permutation(len(rows))].T)


def one_at_a_time(model, hook, tokens, readings: Readings, baseline, latents: Callable) -> np.ndarray:
    embed = AutoModelForCausalLM.from_pretrained(model).get_input_embeddings().weight.detach()
    latents_by_masked, values = {}, []
    columns = (readings.prompt, readings.masked, readings.pos, readings.neuron)
    for prompt, masked, pos, latent in zip(*(column.tolist() for column in columns), strict=True):
        if (prompt, masked) not in latents_by_masked:
            embedded = embed[tokens[prompt : prompt + 1]].clone()
            embedded[0, masked] = baseline
            latents_by_masked[prompt, masked] = latents(plain(model, hook, tokens[:1], embedded)[0].numpy())
        values.append(latents_by_masked[prompt, masked][pos, latent])
    return np.array(values)


def test_stream_of_a_centred_model(model, tmp_path):
    """Autoencoders older than the option, and those that set it; neurons have nothing to centre."""
    hook, kwargs = "blocks.1.hook_resid_pre", {"model_from_pretrained_kwargs": {"center_writing_weights": True}}
    today = tiny_sae(tmp_path / "today", 16, hook, metadata=kwargs)
    old = {"hook_point": hook, "hook_point_layer": 1, "d_in": 16, "d_sae": 40, "model_name": "gpt2-small"}
    folders = (today, write(tmp_path / "old", old, sae_weights(16)))
    tokens, _ = prompts()
    h = plain(model, hook, tokens)
    for folder in folders:
        source = open_sae(str(folder), str(model))
        layer_pass = read(source, tokens, torch.full((len(tokens),), tokens.shape[1]))[1]
        same_latents(source, layer_pass, folder, h, centred=True)


def test_older_form_of_topk(model, tmp_path):
    old = {
        **{name: value for name, value in cfg_of(64).items() if name != "metadata"},
        "hook_name": "blocks.1.mlp.hook_post",
        "hook_layer": 1,
        "activation_fn_str": "topk",
        "activation_fn_kwargs": {"k": 3},
        "model_from_pretrained_kwargs": {"center_writing_weights": False},
        "normalize_activations": False,
    }
    weights = {**sae_weights(64), "scaling_factor": torch.ones(40)}
    source = open_sae(str(write(tmp_path / "old", old, weights)), str(model))
    tokens, _ = prompts()
    layer_pass = read(source, tokens, torch.full((len(tokens),), tokens.shape[1]))[1]
    same_latents(source, layer_pass, tmp_path / "old", plain(model, "blocks.1.mlp.hook_post", tokens), k=3)
    assert ((layer_pass.activations > 0).sum(-1) <= 3).all()


@pytest.mark.fast("llama", "bert")
@pytest.mark.parametrize("family", ["llama", "neox", "opt", "gemma2", "bert"])
def test_other_architectures(family, tmp_path):
    """Neurons, the MLP's output and the stream: of the model's width, masking with reuse equals full masking."""
    folder = tiny_checkpoint(family, tmp_path / "model")
    tokens, lengths = prompts()
    for number, (part, d_in) in enumerate({"mlp.hook_post": None, "hook_mlp_out": 16, "hook_resid_post": 16}.items()):
        d_in = d_in or 24
        sae = tiny_sae(tmp_path / f"sae{number}", d_in, f"blocks.1.{part}")
        source = open_sae(str(sae), str(folder))
        layer_pass = read(source, tokens, lengths)[1]
        assert layer_pass.activations.shape == (4, 20, 40)
        (baseline,) = source.baselines(["mean-embedding"]).values()
        readings = random_readings([20, 11, 10, 11])
        values = source.read_masked(tokens, torch.full((4,), 20), readings, baseline)
        reuses = source.masking_mode(20).reuses
        source.masking_mode = lambda n_pos, family=family: MaskingMode(reuses=False, cut=family != "bert")
        again = source.read_masked(tokens, torch.full((4,), 20), readings, baseline)
        np.testing.assert_allclose(values, again, atol=1e-4, rtol=1e-3)
        assert reuses == (family not in ("gemma2", "bert"))


@pytest.mark.parametrize("hook", HOOKS)
def test_logit_effects_match_the_head(model, tmp_path, hook):
    """Compare with a decoder row added to the last block's output, for a model with a fixed final norm."""
    folder = tiny_sae(tmp_path / "sae", width(hook), hook)
    source = open_sae(str(folder), str(model))
    top = source.logit_effects(1, 5)
    whole = AutoModelForCausalLM.from_pretrained(model)
    W_dec = sae_weights(width(hook))["W_dec"]
    if width(hook) == 64:
        W_dec = W_dec @ whole.transformer.h[1].mlp.c_proj.weight.detach()
    W_dec = W_dec - W_dec.mean(1, keepdim=True)
    logits = (W_dec * whole.transformer.ln_f.weight.detach()) @ whole.lm_head.weight.detach().T
    n_vocab = 1 + max(source.tokenizer.get_vocab().values())
    logits = logits[:, :n_vocab] - logits[:, :n_vocab].mean(1, keepdim=True)
    np.testing.assert_allclose(top.effects[:, 0], logits.topk(5).values.numpy(), atol=1e-4, rtol=1e-3)
    np.testing.assert_allclose(top.effects[:, 1], logits.topk(5, largest=False).values, atol=1e-4, rtol=1e-3)


def test_no_logit_effects_without_a_direct_path(model, tmp_path):
    """Check a norm behind the hook, and a rescaling that differs between tokens."""
    rescaled = tiny_sae(tmp_path / "rescaled", normalize_activations="layer_norm")
    assert open_sae(str(rescaled), str(model)).logit_effects(1, 5) is None
    gemma = tiny_checkpoint("gemma2", tmp_path / "gemma")
    behind_norm = tiny_sae(tmp_path / "behind", 16, "blocks.1.mlp.hook_out")
    assert not open_sae(str(behind_norm), str(gemma))._reaches_logits()
    after_norm = tiny_sae(tmp_path / "after", 16, "blocks.1.hook_mlp_out")
    assert open_sae(str(after_norm), str(gemma))._reaches_logits()
    bert = tiny_checkpoint("bert", tmp_path / "bert")
    assert not open_sae(str(after_norm), str(bert))._reaches_logits()


def test_mlps_names_match():
    """The hooks of this file equal those of the model's own tests."""
    assert HOOKS["blocks.1.mlp.hook_post"][0] == MLPS["gpt2"][1]
