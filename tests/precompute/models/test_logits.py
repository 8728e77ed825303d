"""Direct logit effects, compared with a model whose residual stream is changed by hand at a fixed norm scale."""

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from ne_core.method.logits import logit_effects
from precompute.models.transformer import open_transformer
from precompute.models.transformer.unembedding import top_logits
from tests.support.tiny_models import tiny_checkpoint, tiny_model

# By family: the final norm, the output matrix of the MLP of layer 1, and whether it is stored as [out in].
DIRECT = {
    "gpt2": ("transformer.ln_f", "transformer.h.1.mlp.c_proj", False),
    "neox": ("gpt_neox.final_layer_norm", "gpt_neox.layers.1.mlp.dense_4h_to_h", True),
    "opt": ("model.decoder.final_layer_norm", "model.decoder.layers.1.fc2", True),
    "llama": ("model.norm", "model.layers.1.mlp.down_proj", True),
    "qwen3": ("model.norm", "model.layers.1.mlp.down_proj", True),
}
DELTA = 10.0


@pytest.mark.parametrize("family", DIRECT)
def test_matches_changed_residual_stream(tmp_path, family):
    folder = tiny_checkpoint(family, tmp_path)
    source = open_transformer(str(folder))
    n_vocab = 1 + max(source.tokenizer.get_vocab().values())
    effects = source.logit_effects(1, n_vocab)
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    norm, out, transposed = DIRECT[family]
    W_out = model.get_submodule(out).weight.detach()
    W_out = W_out.T if transposed else W_out
    gain = model.get_submodule(norm)
    centres = isinstance(gain, torch.nn.LayerNorm)
    stream = torch.randn(W_out.shape[1], generator=torch.Generator().manual_seed(0))

    def logits(h):
        h = h - h.mean() if centres else h
        return model.get_output_embeddings()(h * gain.weight)[:n_vocab]

    with torch.no_grad():
        for neuron in range(len(W_out)):
            change = (logits(stream + DELTA * W_out[neuron]) - logits(stream)) / DELTA
            change = (change - change.mean()).numpy()
            for side, order in enumerate((np.argsort(-change), np.argsort(change))):
                assert effects.tokens[neuron, side, :1] == order[:1]
                np.testing.assert_allclose(effects.effects[neuron, side], change[order], atol=1e-4)
                tokens = effects.tokens[neuron, side]
                np.testing.assert_allclose(effects.effects[neuron, side], change[tokens], atol=1e-4)


def test_matches_extra_activation_in_model(tmp_path):
    """Compare with the model's own logits times its norm's scale; the last layer has no other path."""
    source = open_transformer(str(tiny_checkpoint("gpt2", tmp_path)))
    bridge, neuron, delta, n_vocab = source._bridge, 7, 10, 311
    model = bridge.original_model
    shift = (model.transformer.ln_f.bias @ model.get_output_embeddings().weight.T).detach()[:n_vocab]

    def logits(added: float):
        scale = []
        hooks = [
            ("blocks.2.mlp.hook_post", lambda a, hook: a + added * (torch.arange(a.shape[-1]) == neuron)),
            ("ln_final.hook_in", lambda h, hook: scale.append(h[0, -1].std(correction=0))),
        ]
        with torch.inference_mode():
            output = bridge.run_with_hooks(torch.arange(5, 15)[None], fwd_hooks=hooks)[0, -1, :n_vocab]
        return (output - shift) * scale[0]

    change = ((logits(delta) - logits(0)) / delta).numpy()
    change -= change.mean()
    effects = source.logit_effects(2, n_vocab)
    np.testing.assert_allclose(effects.effects[neuron, 0], change[effects.tokens[neuron, 0]], atol=1e-5)
    assert effects.effects[neuron, 0, 0] > 1e-3


@pytest.mark.parametrize("family", ["bert", "gemma2"])
def test_no_direct_path_gives_none(tmp_path, family):
    """BERT has a transform before its unembedding; Gemma 2 has a norm after its MLPs and a cap on its logits."""
    assert open_transformer(str(tiny_checkpoint(family, tmp_path))).logit_effects(1, 10) is None


def test_model_without_head_gives_none(tmp_path):
    """The library would initialise a random head."""
    folder = tiny_checkpoint("neox", tmp_path)
    tiny_model("neox").gpt_neox.save_pretrained(folder)
    assert open_transformer(str(folder)).logit_effects(1, 10) is None


def test_small_vocabulary_is_padded():
    W_out, U = torch.eye(3), torch.tensor([[1.0, 3, 2], [5, 4, 6], [-1, -2, -3]])
    top = top_logits(W_out, U, 5)
    assert top.tokens[:, 0].tolist() == [[1, 2, 0, -1, -1], [2, 0, 1, -1, -1], [0, 1, 2, -1, -1]]
    assert top.tokens[:, 1].tolist() == [[0, 2, 1, -1, -1], [1, 0, 2, -1, -1], [2, 1, 0, -1, -1]]
    assert top.effects[0, 0, :3].tolist() == [3, 2, 1]
    assert np.isnan(top.effects[:, :, 3:]).all()
    columns = {"logit_tokens": top.tokens, "logit_effects": top.effects}
    assert logit_effects(columns, 1).lowered == [(1, 4), (0, 5), (2, 6)]


def test_block_size_does_not_change_result(monkeypatch):
    rng = torch.Generator().manual_seed(0)
    W_out, U = torch.randn(50, 8, generator=rng), torch.randn(8, 40, generator=rng)
    whole = top_logits(W_out, U, 4)
    monkeypatch.setattr("precompute.models.transformer.unembedding.MAX_LOGITS", 7 * 40)
    parts = top_logits(W_out, U, 4)
    assert (whole.tokens == parts.tokens).all()
    np.testing.assert_allclose(whole.effects, parts.effects, rtol=1e-5)
