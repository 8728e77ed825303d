"""Edited MLP inputs, compared with plain Hugging Face models edited by hooks."""

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from precompute.models.text_source import MaskingMode
from precompute.models.transformer import edits as editing
from precompute.models.transformer import open_transformer
from precompute.models.transformer.edits import Edits
from tests.precompute.models.test_transformer_source import ACTIVATIONS, GATED, MLPS, prompts, read
from tests.support.tiny_models import tiny_checkpoint

CAUSAL = ("gpt2", "neox", "llama", "opt", "qwen3", "gemma2")
LAYER = 1  # the layer of MLPS


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("edits")
    return {family: tiny_checkpoint(family, root / family) for family in (*CAUSAL, "bert")}


@pytest.fixture(scope="session")
def open_source(folders):
    sources = {}

    def open_once(family, weights="folded", gated_embedding="gate"):
        key = family, weights, gated_embedding
        if key not in sources:
            sources[key] = open_transformer(str(folders[family]), weights=weights, gated_embedding=gated_embedding)
        return sources[key]

    return open_once


def some_edits(source, tokens, lengths, n=40, noise=1.0, seed=0) -> Edits:
    """Return noisy copies of the model's inputs; several at one place, some at the first and the last position."""
    rng = np.random.default_rng(seed)
    one = read(source, tokens, lengths, [LAYER])[LAYER]
    x = source.inputs(LAYER, one.x).numpy()
    prompt = rng.integers(len(tokens), size=n)
    pos = (rng.random(n) ** 0.5 * lengths.numpy()[prompt]).astype(np.int64)
    prompt[:3], pos[:3] = 0, 5
    pos[3], pos[4] = 0, lengths[prompt[4]] - 1
    moved = x[prompt, pos] + noise * rng.standard_normal((n, x.shape[-1]))
    return Edits(prompt, pos, rng.integers(one.activations.shape[-1], size=n), moved.astype(np.float32))


def by_hand(folder, family, tokens, lengths, mlp_inputs, edits) -> tuple[np.ndarray, np.ndarray]:
    """Return activation and loss of each edit, one prompt at a time; `mlp_inputs` are the MLP's own inputs."""
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
    modules, results = dict(model.named_modules()), []
    mlp, out = (modules[name] for name in MLPS[family])
    for prompt, pos, neuron, x in zip(edits.prompt, edits.pos, edits.neuron, mlp_inputs, strict=True):

        def put(_module, inputs, pos=pos, x=x):
            changed = inputs[0].clone()
            changed.view(-1, changed.shape[-1])[pos] = x
            return (changed, *inputs[1:])

        outputs = []
        hooks = [mlp.register_forward_pre_hook(put)]
        hooks.append(out.register_forward_pre_hook(lambda _m, inputs, outputs=outputs: outputs.append(inputs[0])))
        with torch.inference_mode():
            logits = model(tokens[prompt, : lengths[prompt]][None]).logits[0]
        for hook in hooks:
            hook.remove()
        activation = float(outputs[0].reshape(-1, outputs[0].shape[-1])[pos, neuron])
        last = pos + 1 == lengths[prompt]
        loss = np.nan if last else -float(logits[pos].log_softmax(-1)[tokens[prompt, pos + 1]])
        results.append((activation, loss))
    return tuple(np.array(results).T)


def mlp_input_by_hand(folder, family, x: np.ndarray, weights: str) -> torch.Tensor:
    """Return γ ⊙ (x − mean) + β if weights are folded; gemma2 stores γ − 1, and RMS norms do not centre."""
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


@pytest.mark.fast("folded")
@pytest.mark.parametrize("weights", ["folded", "raw"])
@pytest.mark.parametrize("family", CAUSAL)
def test_edits_match_hand_made_hooks(open_source, folders, family, weights):
    source, (tokens, lengths) = open_source(family, weights), prompts()
    edits = some_edits(source, tokens, lengths)
    results = source.apply_edits(LAYER, tokens, lengths, edits)
    mlp_inputs = mlp_input_by_hand(folders[family], family, edits.x, weights)
    activation, loss = by_hand(folders[family], family, tokens, lengths, mlp_inputs, edits)
    np.testing.assert_allclose(results.activation, activation, atol=1e-4, rtol=1e-3)
    np.testing.assert_allclose(results.loss, loss, atol=1e-4, rtol=1e-3)
    assert np.isnan(results.loss[4])
    assert np.isfinite(np.delete(results.loss, np.flatnonzero(edits.pos + 1 == lengths.numpy()[edits.prompt]))).all()


@pytest.mark.parametrize("family", CAUSAL)
def test_unchanged_input_changes_nothing(open_source, folders, family):
    source, (tokens, lengths) = open_source(family), prompts()
    edits = some_edits(source, tokens, lengths, noise=0)
    results = source.apply_edits(LAYER, tokens, lengths, edits)
    clean = read(source, tokens, lengths, [LAYER])[LAYER].activations.numpy()
    np.testing.assert_allclose(results.activation, clean[edits.prompt, edits.pos, edits.neuron], atol=1e-4, rtol=1e-3)
    logits = source.logits_with(LAYER, tokens, lengths, lambda activations: activations)
    targets = tokens.roll(-1, dims=1)
    loss = -logits.log_softmax(-1).gather(2, targets[..., None])[..., 0].numpy()[edits.prompt, edits.pos]
    has_next = edits.pos + 1 < lengths.numpy()[edits.prompt]
    np.testing.assert_allclose(results.loss[has_next], loss[has_next], atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("weights", ["folded", "raw"])
@pytest.mark.parametrize("family", [*CAUSAL, "bert"])
def test_activations_match_edited_pre_activations(open_source, family, weights):
    """The activation is act_fn(w·x' + b) for any x', from the MLP alone and from the whole model."""
    source, (tokens, lengths) = open_source(family, weights), prompts()
    edits = some_edits(source, tokens, lengths)
    layer = source.layer(LAYER)
    z = (edits.x * layer.W_in.T[edits.neuron]).sum(1) + layer.b_in[edits.neuron]
    expected = ACTIVATIONS[family](torch.from_numpy(z)).numpy()
    if family in GATED:
        other = open_source(family, weights, "in").layer(LAYER)
        expected = expected * ((edits.x * other.W_in.T[edits.neuron]).sum(1) + other.b_in[edits.neuron])
    alone = source.activations_on(LAYER, edits.x, edits.neuron)
    np.testing.assert_allclose(alone, expected, atol=1e-4, rtol=1e-3)
    run = source.apply_edits(LAYER, tokens, lengths, edits)
    assert (run is None) == (family == "bert")  # no next-token prediction
    if run is not None:
        np.testing.assert_allclose(run.activation, alone, atol=1e-4, rtol=1e-3)


@pytest.mark.fast("7-")
@pytest.mark.parametrize("family", ["gpt2", "llama"])
@pytest.mark.parametrize("tokens_per_pass", [1, 7, 2048])
def test_batching_and_reuse_do_not_change_results(open_source, family, tokens_per_pass, monkeypatch):
    source, (tokens, lengths) = open_source(family), prompts()
    edits = some_edits(source, tokens, lengths)
    reference = source.apply_edits(LAYER, tokens, lengths, edits)
    alone = source.activations_on(LAYER, edits.x, edits.neuron)
    monkeypatch.setattr(editing, "TOKENS_PER_PASS", {"cpu": tokens_per_pass})
    monkeypatch.setattr(editing, "MAX_INPUTS", tokens_per_pass)
    np.testing.assert_allclose(source.activations_on(LAYER, edits.x, edits.neuron), alone, atol=1e-5, rtol=1e-4)
    for reuses in (True, False):
        monkeypatch.setattr(source, "masking_mode", lambda n_pos, reuses=reuses: MaskingMode(reuses, cut=True))
        results = source.apply_edits(LAYER, tokens, lengths, edits)
        np.testing.assert_allclose(results.activation, reference.activation, atol=1e-4, rtol=1e-3)
        np.testing.assert_allclose(results.loss, reference.loss, atol=1e-4, rtol=1e-3)


def test_empty_edits_and_model_without_head(open_source, tmp_path):
    source, (tokens, lengths) = open_source("gpt2"), prompts()
    none = some_edits(source, tokens, lengths).select(np.zeros(0, dtype=np.int64))
    assert len(source.apply_edits(LAYER, tokens, lengths, none).loss) == 0
    assert len(source.activations_on(LAYER, none.x, none.neuron)) == 0
    folder = tiny_checkpoint("llama", tmp_path)
    AutoModelForCausalLM.from_pretrained(folder).model.save_pretrained(folder)
    assert open_transformer(str(folder)).apply_edits(LAYER, tokens, lengths, none) is None
