"""Contributions to a pre-activation: parts sum to the model's value, and each part is the loss without its writer."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ne_core.method.contributions import HEAD, MLP, Parts
from precompute.models.source import Keys, Split
from precompute.models.transformer import open_transformer, taps
from precompute.models.transformer.source import TransformerSource
from precompute.steps.contributions import round_to_half
from tests.support.tiny_models import tiny_checkpoint

FAMILIES = {  # positions are embedded, attention of a layer precedes its MLP
    "gpt2": Parts(position=True, heads=4, own_attention=True),
    "opt": Parts(position=True, heads=4, own_attention=True),
    "neox": Parts(position=False, heads=4, own_attention=False),
    "llama": Parts(position=False, heads=4, own_attention=True),
    "qwen3": Parts(position=False, heads=4, own_attention=True),
}
LENGTHS = torch.tensor([12, 12, 9, 12, 5])
TOKENS = (torch.arange(60) * 7919 % 301).reshape(5, 12)
KEYS = Keys(np.array([0, 1, 2, 2, 4]), np.array([11, 5, 8, 2, 4]), np.array([0, 3, 6, 7, 9]))


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Save tiny models with gains other than 1 and shifts and biases other than 0."""
    place = tmp_path_factory.mktemp("families")
    return {family: tiny_checkpoint(family, place / family) for family in (*FAMILIES, "bert", "gemma2")}


SLOW = ("opt", "llama")  # their parts are those of gpt2 and of qwen3


@pytest.fixture(
    scope="module", params=[pytest.param(each, marks=pytest.mark.slow if each in SLOW else ()) for each in FAMILIES]
)
def source(request, checkpoints) -> TransformerSource:
    return open_transformer(str(checkpoints[request.param]))


def pre_activations(source: TransformerSource, layer: int, column: str = "hook_pre", changes=()) -> np.ndarray:
    """Return pre-activations computed by the model with `changes`, (hook, function) pairs."""
    outputs, shape = [], TOKENS.shape
    point = getattr(source._bridge.blocks[layer].mlp, column)
    real = (torch.arange(shape[1]) < LENGTHS[:, None]).long()
    hooks = [*changes, (point, lambda z: outputs.append(z.reshape(*shape, -1)))]
    taps.run(source._bridge, TOKENS, hooks, attention_mask=real)
    return outputs[0].numpy()[KEYS.prompt, KEYS.pos, KEYS.neuron]


def split(source: TransformerSource) -> dict[int, Split]:
    return source.split(TOKENS, LENGTHS, dict.fromkeys(source.layers, KEYS))


def test_parts_sum_to_the_pre_activation(source):
    assert source.parts() == FAMILIES[source.name]
    for layer, split_layer in split(source).items():
        expected = pre_activations(source, layer)
        assert split_layer.parts.shape == (len(expected), source.parts().count(layer))
        np.testing.assert_allclose(split_layer.parts.sum(1), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("weights", "column"), [("raw", "gate"), ("folded", "in"), ("raw", "in")])
def test_parts_of_raw_weights_and_of_the_other_column(checkpoints, weights, column):
    source = open_transformer(str(checkpoints["llama"]), weights=weights, gated_embedding=column)
    point = {"gate": "hook_pre", "in": "hook_pre_linear"}[column]
    for layer, split_layer in split(source).items():
        np.testing.assert_allclose(
            split_layer.parts.sum(1), pre_activations(source, layer, point), rtol=1e-4, atol=1e-5
        )


@pytest.mark.fast("gpt2")
def test_each_part_is_the_loss_without_its_writer(source):
    """Remove what a writer adds to the stream at the key token, before the norm, with the norm's scale unchanged."""
    layer, parts, bridge = 2, source.parts(), source._bridge
    parts_of_rows, clean = split(source)[layer].parts, pre_activations(source, layer)
    for number, part in enumerate(parts.part_list(layer)[:-1]):
        without = pre_activations(source, layer, changes=without_stream(source, layer, stream_of(bridge, part)))
        np.testing.assert_allclose(clean - without, parts_of_rows[:, number], rtol=1e-3, atol=2e-5, err_msg=str(part))


def stream_of(bridge, part) -> torch.Tensor:
    """Return what a part writes, from the model's own modules; for a head, its output without its value biases."""
    if part.kind == HEAD:
        attn = bridge.blocks[part.layer].attn
        z = hook_output(bridge, attn.o.hook_in).reshape(*TOKENS.shape, *attn.W_O.shape[:2])[:, :, part.head]
        biases = 0 if attn.b_V is None else attn.b_V[part.head]
        return (z - biases) @ attn.W_O[part.head]
    if part.kind == MLP:
        mlp = bridge.blocks[part.layer].mlp
        a = hook_output(bridge, mlp.hook_post)
        return (a.reshape(-1, a.shape[-1]) @ mlp.W_out).reshape(*TOKENS.shape, -1)
    point = bridge.embed.hook_out if part.kind == "token" else bridge.pos_embed.hook_out
    return hook_output(bridge, point).expand(*TOKENS.shape, -1)


def hook_output(bridge, point) -> torch.Tensor:
    outputs = []
    real = (torch.arange(TOKENS.shape[1]) < LENGTHS[:, None]).long()
    taps.run(bridge, TOKENS, [(point, outputs.append)], attention_mask=real)
    return outputs[0].clone()  # a copy outside of inference mode


def without_stream(source: TransformerSource, layer: int, written: torch.Tensor) -> list[taps.Hook]:
    """Return hooks that remove `written` from the input of the MLP's norm, but keep the norm's σ."""
    read = source._read[layer]
    h = hook_output(source._bridge, read.x).reshape(*TOKENS.shape, -1)
    centre = (lambda v: v - v.mean(-1, keepdim=True)) if read.norm.centred else (lambda v: v)
    sigma = (centre(h).square().mean(-1, keepdim=True) + read.norm.eps).sqrt()
    x = centre(h - written) / sigma * read.norm.gain + read.norm.shift
    return [(taps.mlp_input(source._bridge, layer), lambda old: x.reshape(old.shape))]


@pytest.mark.fast("gpt2")
def test_read_token_of_a_head_is_the_one_with_the_largest_loss(source):
    """Remove each source token from a head's pattern; the largest loss is at the recorded token."""
    layer, parts, bridge = 2, source.parts(), source._bridge
    split_layer = split(source)[layer]
    head_parts = split_layer.parts[:, parts.first_head :][:, : parts.n_heads(layer)]
    strongest = np.argsort(-np.abs(head_parts), axis=1)[:, : parts.n_read(layer)]
    np.testing.assert_array_equal(split_layer.read_head, strongest)
    for row in range(len(KEYS.pos)):
        part = parts.part_list(layer)[parts.first_head + int(split_layer.read_head[row, 0])]
        attn, position = bridge.blocks[part.layer].attn, (int(KEYS.prompt[row]), int(KEYS.pos[row]))
        pattern, z = hook_output(bridge, attn.hook_pattern), hook_output(bridge, attn.o.hook_in)
        v = hook_output(bridge, attn.v.hook_out).reshape(*TOKENS.shape, -1, attn.W_O.shape[1])
        group = part.head * v.shape[2] // attn.W_O.shape[0]
        weights = pattern[position[0], part.head, position[1]]
        z = z.reshape(*TOKENS.shape, *attn.W_O.shape[:2])[*position, part.head]
        torch.testing.assert_close(weights @ v[position[0], :, group], z)
        lost = []
        for token in range(position[1] + 1):
            biases = 0 if attn.b_V is None else attn.b_V[group]
            written = torch.zeros(*TOKENS.shape, attn.W_O.shape[2])
            written[position] = weights[token] * (v[position[0], token, group] - biases) @ attn.W_O[part.head]
            changes = without_stream(source, layer, written)
            lost.append(pre_activations(source, layer)[row] - pre_activations(source, layer, changes=changes)[row])
        signed = np.array(lost) * np.sign(head_parts[row, split_layer.read_head[row, 0]])
        assert signed.argmax() == position[1] - split_layer.read_back[row, 0]


def test_split_does_not_depend_on_the_batch_size(source, monkeypatch):
    whole = split(source)
    monkeypatch.setattr("precompute.models.transformer.masking.TOKENS_PER_PASS", {"cpu": 24})
    for layer, split_layer in split(source).items():
        np.testing.assert_allclose(split_layer.parts, whole[layer].parts, atol=1e-5)
        np.testing.assert_array_equal(split_layer.read_back, whole[layer].read_back)


@pytest.mark.parametrize("family", ["bert", "gemma2"])
def test_models_with_a_norm_in_between_give_a_reason(checkpoints, family):
    assert "is not the sum of its embeddings, heads and MLPs" in open_transformer(str(checkpoints[family])).parts()


def test_rounding_keeps_the_sum():
    rng = np.random.default_rng(0)
    parts = rng.normal(size=(500, 40)) * 10 ** rng.uniform(-3, 2, size=(500, 40))
    result = round_to_half(parts).astype(np.float64)
    plain = parts.astype(np.float16).astype(np.float64)
    smallest, largest = np.abs(parts).min(axis=1), np.abs(parts).max(axis=1)
    assert (np.abs(result.sum(1) - parts.sum(1)) <= 2**-11 * smallest + 2**-21 * largest).all()
    assert (np.abs(result.sum(1) - parts.sum(1)) / largest).max() < 1e-5
    assert (np.abs(plain.sum(1) - parts.sum(1)) / largest).max() > 1e-4
    assert (np.abs(result - parts) <= 2**-10 * largest[:, None]).all()
