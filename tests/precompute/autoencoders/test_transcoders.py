"""Transcoders in a model: what they read against plain hooks, what they write against the model with it added."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from precompute.models.autoencoder import SaeSource, open_sae
from precompute.models.autoencoder.config import SaeError
from precompute.models.source import Readings
from tests.precompute.models.test_transformer_source import one_thread, prompts, read  # noqa: F401
from tests.support.models import dictionary_forms as forms
from tests.support.models.dictionary_forms import D_SAE, arrays
from tests.support.tiny_models import tiny_checkpoint

FAMILIES = ("gpt2", "gemma2")
MLPS = {"gpt2": "transformer.h.{}.mlp", "gemma2": "model.layers.{}.mlp"}
NORMS = {"gpt2": "transformer.h.1.ln_2", "gemma2": "model.layers.1.pre_feedforward_layernorm"}
WRITTEN = {"gpt2": MLPS["gpt2"], "gemma2": "model.layers.{}.post_feedforward_layernorm"}


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, Path]:
    return {family: tiny_checkpoint(family, tmp_path_factory.mktemp(family)) for family in FAMILIES}


def plain(model: Path):
    return AutoModelForCausalLM.from_pretrained(model, attn_implementation="eager").eval()


def captured(model, module: str, tokens: torch.Tensor, side: str) -> np.ndarray:
    """Input or output of a module of the Hugging Face model, for all tokens, [n d]."""
    values = []
    part = model.get_submodule(module)
    if side == "in":
        hook = part.register_forward_pre_hook(lambda _, args: values.append(args[0]))
    else:
        hook = part.register_forward_hook(lambda _, args, out: values.append(out))
    with torch.inference_mode():
        model(tokens)
    hook.remove()
    return values[0].flatten(0, -2).double().numpy()


def all_latents(source: SaeSource, tokens: torch.Tensor) -> np.ndarray:
    layer_pass = read(source, tokens, torch.full((len(tokens),), tokens.shape[1]))[1]
    return layer_pass.activations.flatten(0, 1).numpy()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_mlp_s_input_is_read(models, tmp_path, family):
    """Gemma Scope 2 names the norm's output, gain included: in these models what the MLP reads."""
    place, formula = forms.gemma_scope_2_transcoder(tmp_path / "sae")
    source, (tokens, _) = open_sae(str(place), str(models[family])), prompts()
    expected = formula(captured(plain(models[family]), MLPS[family].format(1), tokens, "in"))
    assert 0.05 < (expected > 0).mean() < 0.95
    np.testing.assert_allclose(all_latents(source, tokens), expected, atol=2e-4, rtol=1e-3)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_normalised_stream_is_read_before_the_gain(models, tmp_path, family):
    place, formula = forms.gemma_scope_transcoder(tmp_path)
    source, (tokens, _) = open_sae(str(place), str(models[family])), prompts()
    h = captured(plain(models[family]), NORMS[family], tokens, "in")
    if family == "gpt2":
        h = h - h.mean(1, keepdims=True)
    eps = getattr(plain(models[family]).get_submodule(NORMS[family]), "eps", 1e-6)
    expected = formula(h / np.sqrt((h**2).mean(1, keepdims=True) + eps))
    np.testing.assert_allclose(all_latents(source, tokens), expected, atol=2e-4, rtol=1e-3)
    z = source.layer(1).embed(source.inputs(1, torch.from_numpy(h)).numpy(), 3).sum(1) + source.layer(1).b_in[3]
    fires = expected[:, 3] > 0
    np.testing.assert_allclose(z[fires], expected[fires, 3], atol=2e-4, rtol=1e-3)  # embeddings sum to the latent


def decoders(place: Path) -> dict[str, np.ndarray]:
    """Decoder rows by the layer that they are added to the MLP's output of."""
    if place.name.startswith("W_enc"):
        (W,) = arrays(W_dec_1=(D_SAE, 2, 16)).values()
        return {1: W[:, 0], 2: W[:, 1]}
    return {1: arrays(w_enc=(16, D_SAE), b_enc=(D_SAE,), w_dec=(D_SAE, 16), b_dec=(16,))["w_dec"]}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("maker", [forms.gemma_scope_2_transcoder, forms.cross_layer])
def test_a_changed_latent_writes_its_decoder_row(models, tmp_path, family, maker):
    """Add 2 to one latent: the logits of the model with twice its rows added to the MLPs' outputs."""
    place, _ = maker(tmp_path / "sae")
    source, (tokens, _) = open_sae(str(place), str(models[family])), prompts()
    latent = torch.zeros(D_SAE)
    latent[7] = 2.0
    logits = source.logits_with(1, tokens, torch.full((len(tokens),), tokens.shape[1]), lambda before: before + latent)
    model = plain(models[family])
    for layer, rows in decoders(place).items():
        added = torch.from_numpy(2 * rows[7])
        part = model.get_submodule(WRITTEN[family].format(layer))
        part.register_forward_hook(lambda _, args, out, added=added: out + added)
    with torch.inference_mode():
        expected = model(tokens).logits
    assert source.changes_can_be_written
    torch.testing.assert_close(logits, expected.float(), atol=1e-3, rtol=1e-3)


def test_logit_effects_are_of_what_it_writes(models, tmp_path):
    """The rows of every layer, added up, through the final norm's gain and the unembedding."""
    for maker in (forms.gemma_scope_2_transcoder, forms.cross_layer):
        place, _ = maker(tmp_path / maker.__name__)
        source, model = open_sae(str(place), str(models["gpt2"])), plain(models["gpt2"])
        rows = torch.from_numpy(sum(decoders(place).values()))
        rows = rows - rows.mean(1, keepdim=True)
        logits = (rows * model.transformer.ln_f.weight.detach()) @ model.lm_head.weight.detach().T
        n_vocab = 1 + max(source.tokenizer.get_vocab().values())
        logits = logits[:, :n_vocab] - logits[:, :n_vocab].mean(1, keepdim=True)
        top = source.logit_effects(1, 5)
        np.testing.assert_allclose(top.effects[:, 0], logits.topk(5).values.numpy(), atol=1e-4, rtol=1e-3)


def test_masking_equals_reading_the_masked_prompt(models, tmp_path):
    place, _ = forms.gemma_scope_transcoder(tmp_path)
    source, (tokens, lengths) = open_sae(str(place), str(models["gpt2"])), prompts()
    (baseline,) = source.baselines(["token:a"]).values()
    readings = Readings(*np.array([(0, 3, pos, 1, latent) for pos in (3, 5) for latent in range(D_SAE)]).T)
    values = source.read_masked(tokens, lengths, readings, baseline)
    masked = tokens[:1].clone()
    masked[0, 3] = source.tokenizer.encode("a", add_special_tokens=False)[0]
    expected = all_latents(source, masked)[[3, 5]].flatten()
    assert (expected > 0).any()
    np.testing.assert_allclose(values, expected, atol=2e-4, rtol=1e-3)


def test_places_that_do_not_fit_are_refused(models, tmp_path):
    """A place before the one that is read, and one of a layer that the model does not have."""
    for number, (hook_out, words) in enumerate(
        {
            "blocks.0.hook_mlp_out": "is computed before hook_name; a transcoder writes to a later place",
            "blocks.9.hook_mlp_out": "this model has no blocks.9.hook_mlp_out: its layers are 0 to 2",
        }.items()
    ):
        shapes = {"W_skip": (16, 16)}
        place, _ = forms.transcoder(tmp_path / str(number), "skip_transcoder", shapes)
        cfg = (place / "cfg.json").read_text().replace("blocks.1.hook_mlp_out", hook_out)
        (place / "cfg.json").write_text(cfg)
        with pytest.raises(SaeError) as error:
            open_sae(str(place), str(models["gpt2"]))
        assert words in str(error.value)
