"""A model run with other inputs of an MLP than its own, against plain Hugging Face with the same edit made by hand."""

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from precompute.models.text_source import Way
from precompute.models.transformer import edits as editing
from precompute.models.transformer import open_transformer
from precompute.models.transformer.edits import Edits
from tests.precompute.models.test_transformer_source import ACTIVATIONS, GATED, MLPS, prompts, read
from tests.support.tiny_models import tiny_checkpoint

CAUSAL = ("gpt2", "neox", "llama", "opt", "qwen3", "gemma2")
LAYER = 1  # the one that MLPS names


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("edited")
    return {family: tiny_checkpoint(family, root / family) for family in (*CAUSAL, "bert")}


@pytest.fixture(scope="session")
def opened(folders):
    sources = {}

    def open_once(family, weights="folded", gated_embedding="gate"):
        key = family, weights, gated_embedding
        if key not in sources:
            sources[key] = open_transformer(str(folders[family]), weights=weights, gated_embedding=gated_embedding)
        return sources[key]

    return open_once


def some_edits(source, tokens, lengths, n=40, noise=1.0, seed=0) -> Edits:
    """Inputs of the model's own, moved; several at one place, some at the first position, some at the last."""
    rng = np.random.default_rng(seed)
    one = read(source, tokens, lengths, [LAYER])[LAYER]
    x = source.inputs(LAYER, one.x).numpy()
    prompt = rng.integers(len(tokens), size=n)
    pos = (rng.random(n) ** 0.5 * lengths.numpy()[prompt]).astype(np.int64)
    prompt[:3], pos[:3] = 0, 5
    pos[3], pos[4] = 0, lengths[prompt[4]] - 1
    moved = x[prompt, pos] + noise * rng.standard_normal((n, x.shape[-1]))
    return Edits(prompt, pos, rng.integers(one.activations.shape[-1], size=n), moved.astype(np.float32))


def by_hand(folder, family, tokens, lengths, x_given, edits) -> tuple[np.ndarray, np.ndarray]:
    """One prompt at a time; `x_given` is what the MLP is to be given."""
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
    modules, found = dict(model.named_modules()), []
    mlp, out = (modules[name] for name in MLPS[family])
    for prompt, pos, neuron, x in zip(edits.prompt, edits.pos, edits.neuron, x_given, strict=True):

        def put(_module, given, pos=pos, x=x):
            changed = given[0].clone()
            changed.view(-1, changed.shape[-1])[pos] = x
            return (changed, *given[1:])

        seen = []
        hooks = [mlp.register_forward_pre_hook(put)]
        hooks.append(out.register_forward_pre_hook(lambda _m, given, seen=seen: seen.append(given[0])))
        with torch.inference_mode():
            logits = model(tokens[prompt, : lengths[prompt]][None]).logits[0]
        for hook in hooks:
            hook.remove()
        activation = float(seen[0].reshape(-1, seen[0].shape[-1])[pos, neuron])
        last = pos + 1 == lengths[prompt]
        loss = np.nan if last else -float(logits[pos].log_softmax(-1)[tokens[prompt, pos + 1]])
        found.append((activation, loss))
    return tuple(np.array(found).T)


def given_by_hand(folder, family, x: np.ndarray, weights: str) -> torch.Tensor:
    """γ ⊙ (x − its mean) + β where weights are folded; gemma2 stores γ − 1, and RMS norms do not centre."""
    x = torch.from_numpy(x)
    if weights == "raw":
        return x
    names = {
        "gpt2": "transformer.h.1.ln_2", "neox": "gpt_neox.layers.1.post_attention_layernorm",
        "opt": "model.decoder.layers.1.final_layer_norm", "gemma2": "model.layers.1.pre_feedforward_layernorm",
    }  # fmt: skip
    model = AutoModelForCausalLM.from_pretrained(folder)
    norm = dict(model.named_modules())[names.get(family, "model.layers.1.post_attention_layernorm")]
    gain = norm.weight.detach() + (family == "gemma2")
    shift = getattr(norm, "bias", None)
    return (x if shift is None else x - x.mean(-1, keepdim=True)) * gain + (0 if shift is None else shift.detach())


@pytest.mark.parametrize("weights", ["folded", "raw"])
@pytest.mark.parametrize("family", CAUSAL)
def test_an_edit_agrees_with_one_made_by_hand(opened, folders, family, weights):
    source, (tokens, lengths) = opened(family, weights), prompts()
    edits = some_edits(source, tokens, lengths)
    found = source.edited(LAYER, tokens, lengths, edits)
    x_given = given_by_hand(folders[family], family, edits.x, weights)
    activation, loss = by_hand(folders[family], family, tokens, lengths, x_given, edits)
    np.testing.assert_allclose(found.activation, activation, atol=1e-4, rtol=1e-3)
    np.testing.assert_allclose(found.loss, loss, atol=1e-4, rtol=1e-3)
    assert np.isnan(found.loss[4])
    assert np.isfinite(np.delete(found.loss, np.flatnonzero(edits.pos + 1 == lengths.numpy()[edits.prompt]))).all()


@pytest.mark.parametrize("family", CAUSAL)
def test_an_edit_of_nothing_changes_nothing(opened, folders, family):
    source, (tokens, lengths) = opened(family), prompts()
    edits = some_edits(source, tokens, lengths, noise=0)
    found = source.edited(LAYER, tokens, lengths, edits)
    clean = read(source, tokens, lengths, [LAYER])[LAYER].activations.numpy()
    np.testing.assert_allclose(found.activation, clean[edits.prompt, edits.pos, edits.neuron], atol=1e-4, rtol=1e-3)
    logits = source.logits_with(LAYER, tokens, lengths, lambda activations: activations)
    targets = tokens.roll(-1, dims=1)
    loss = -logits.log_softmax(-1).gather(2, targets[..., None])[..., 0].numpy()[edits.prompt, edits.pos]
    there = edits.pos + 1 < lengths.numpy()[edits.prompt]
    np.testing.assert_allclose(found.loss[there], loss[there], atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("weights", ["folded", "raw"])
@pytest.mark.parametrize("family", [*CAUSAL, "bert"])
def test_activations_are_those_of_the_pre_activation_of_the_edited_x(opened, family, weights):
    """act_fn(w·x' + b) of any x', and the MLP alone says the same as the model's run."""
    source, (tokens, lengths) = opened(family, weights), prompts()
    edits = some_edits(source, tokens, lengths)
    layer = source.layer(LAYER)
    z = (edits.x * layer.W_in.T[edits.neuron]).sum(1) + layer.b_in[edits.neuron]
    expected = ACTIVATIONS[family](torch.from_numpy(z)).numpy()
    if family in GATED:
        other = opened(family, weights, "in").layer(LAYER)
        expected = expected * ((edits.x * other.W_in.T[edits.neuron]).sum(1) + other.b_in[edits.neuron])
    alone = source.activations_on(LAYER, edits.x, edits.neuron)
    np.testing.assert_allclose(alone, expected, atol=1e-4, rtol=1e-3)
    run = source.edited(LAYER, tokens, lengths, edits)
    assert (run is None) == (family == "bert")  # which predicts no next token
    if run is not None:
        np.testing.assert_allclose(run.activation, alone, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("family", ["gpt2", "llama"])
@pytest.mark.parametrize("tokens_per_pass", [1, 7, 2048])
def test_however_they_share_passes_and_without_reuse(opened, family, tokens_per_pass, monkeypatch):
    source, (tokens, lengths) = opened(family), prompts()
    edits = some_edits(source, tokens, lengths)
    reference = source.edited(LAYER, tokens, lengths, edits)
    alone = source.activations_on(LAYER, edits.x, edits.neuron)
    monkeypatch.setattr(editing, "TOKENS_PER_PASS", {"cpu": tokens_per_pass})
    monkeypatch.setattr(editing, "INPUTS_AT_ONCE", tokens_per_pass)
    np.testing.assert_allclose(source.activations_on(LAYER, edits.x, edits.neuron), alone, atol=1e-5, rtol=1e-4)
    for reuses in (True, False):
        monkeypatch.setattr(source, "way", lambda n_pos, reuses=reuses: Way(reuses, cut=True))
        found = source.edited(LAYER, tokens, lengths, edits)
        np.testing.assert_allclose(found.activation, reference.activation, atol=1e-4, rtol=1e-3)
        np.testing.assert_allclose(found.loss, reference.loss, atol=1e-4, rtol=1e-3)


def test_no_edits_and_a_body_without_a_head(opened, tmp_path):
    source, (tokens, lengths) = opened("gpt2"), prompts()
    none = some_edits(source, tokens, lengths).taken(np.zeros(0, dtype=np.int64))
    assert len(source.edited(LAYER, tokens, lengths, none).loss) == 0
    assert len(source.activations_on(LAYER, none.x, none.neuron)) == 0
    folder = tiny_checkpoint("llama", tmp_path)
    AutoModelForCausalLM.from_pretrained(folder).model.save_pretrained(folder)
    assert open_transformer(str(folder)).edited(LAYER, tokens, lengths, none) is None
