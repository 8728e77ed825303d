"""What writes a pre-activation: parts sum to what the model computes, and each is what is lost without its writer."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ne_core.method.contributions import HEAD, MLP, Parts
from precompute.models.source import Keys, Split
from precompute.models.transformer import open_transformer, taps
from precompute.models.transformer.source import TransformerSource
from precompute.steps.contributions import rounded
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
    """Their gains are not 1 and their shifts and biases not 0."""
    place = tmp_path_factory.mktemp("families")
    return {family: tiny_checkpoint(family, place / family) for family in (*FAMILIES, "bert", "gemma2")}


@pytest.fixture(scope="module", params=FAMILIES)
def source(request, checkpoints) -> TransformerSource:
    return open_transformer(str(checkpoints[request.param]))


def pre_activations(source: TransformerSource, layer: int, column: str = "hook_pre", changes=()) -> np.ndarray:
    """As the model computes them, with `changes` made on the way: (hook, function) pairs."""
    seen, shape = [], TOKENS.shape
    point = getattr(source._bridge.blocks[layer].mlp, column)
    real = (torch.arange(shape[1]) < LENGTHS[:, None]).long()
    hooks = [*changes, (point, lambda z: seen.append(z.reshape(*shape, -1)))]
    taps.run(source._bridge, TOKENS, hooks, attention_mask=real)
    return seen[0].numpy()[KEYS.prompt, KEYS.pos, KEYS.neuron]


def split(source: TransformerSource) -> dict[int, Split]:
    return source.split(TOKENS, LENGTHS, dict.fromkeys(source.layers, KEYS))


def test_parts_sum_to_the_pre_activation(source):
    assert source.parts() == FAMILIES[source.name]
    for layer, found in split(source).items():
        whole = pre_activations(source, layer)
        assert found.parts.shape == (len(whole), source.parts().count(layer))
        np.testing.assert_allclose(found.parts.sum(1), whole, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("weights", "column"), [("raw", "gate"), ("folded", "in"), ("raw", "in")])
def test_of_raw_weights_and_of_the_other_column_too(checkpoints, weights, column):
    source = open_transformer(str(checkpoints["llama"]), weights=weights, gated_embedding=column)
    point = {"gate": "hook_pre", "in": "hook_pre_linear"}[column]
    for layer, found in split(source).items():
        np.testing.assert_allclose(found.parts.sum(1), pre_activations(source, layer, point), rtol=1e-4, atol=1e-5)


def test_each_part_is_what_is_lost_without_its_writer(source):
    """What a writer adds to the stream at the key token is taken away where the norm reads, whose scale is held."""
    layer, parts, bridge = 2, source.parts(), source._bridge
    found, clean = split(source)[layer].parts, pre_activations(source, layer)
    for number, part in enumerate(parts.part_list(layer)[:-1]):
        without = pre_activations(source, layer, changes=held_still(source, layer, stream_of(bridge, part)))
        np.testing.assert_allclose(clean - without, found[:, number], rtol=1e-3, atol=2e-5, err_msg=str(part))


def stream_of(bridge, part) -> torch.Tensor:
    """What a part writes, from the model's own modules: a head's is its output less that of its values' biases."""
    if part.kind == HEAD:
        attn = bridge.blocks[part.layer].attn
        z = hooked(bridge, attn.o.hook_in).reshape(*TOKENS.shape, *attn.W_O.shape[:2])[:, :, part.head]
        biases = 0 if attn.b_V is None else attn.b_V[part.head]
        return (z - biases) @ attn.W_O[part.head]
    if part.kind == MLP:
        mlp = bridge.blocks[part.layer].mlp
        a = hooked(bridge, mlp.hook_post)
        return (a.reshape(-1, a.shape[-1]) @ mlp.W_out).reshape(*TOKENS.shape, -1)
    point = bridge.embed.hook_out if part.kind == "token" else bridge.pos_embed.hook_out
    return hooked(bridge, point).expand(*TOKENS.shape, -1)


def hooked(bridge, point) -> torch.Tensor:
    seen = []
    real = (torch.arange(TOKENS.shape[1]) < LENGTHS[:, None]).long()
    taps.run(bridge, TOKENS, [(point, seen.append)], attention_mask=real)
    return seen[0].clone()  # which may be computed with further


def held_still(source: TransformerSource, layer: int, written: torch.Tensor) -> list[taps.Hook]:
    """The norm before the MLP without what was written, divided by the σ that it has with it."""
    read = source._read[layer]
    h = hooked(source._bridge, read.x).reshape(*TOKENS.shape, -1)
    centre = (lambda v: v - v.mean(-1, keepdim=True)) if read.norm.centred else (lambda v: v)
    sigma = (centre(h).square().mean(-1, keepdim=True) + read.norm.eps).sqrt()
    x = centre(h - written) / sigma * read.norm.gain + read.norm.shift
    return [(taps.mlp_input(source._bridge, layer), lambda old: x.reshape(old.shape))]


def test_heads_read_most_from_the_token_without_which_they_lose_most(source):
    """The pattern at one source is set to nothing: what the head then lacks is what it read there."""
    layer, parts, bridge = 2, source.parts(), source._bridge
    found = split(source)[layer]
    head_parts = found.parts[:, parts.first_head :][:, : parts.n_heads(layer)]
    strongest = np.argsort(-np.abs(head_parts), axis=1)[:, : parts.n_read(layer)]
    np.testing.assert_array_equal(found.read_head, strongest)
    for row in range(len(KEYS.pos)):
        part = parts.part_list(layer)[parts.first_head + int(found.read_head[row, 0])]
        attn, at = bridge.blocks[part.layer].attn, (int(KEYS.prompt[row]), int(KEYS.pos[row]))
        pattern, z = hooked(bridge, attn.hook_pattern), hooked(bridge, attn.o.hook_in)
        v = hooked(bridge, attn.v.hook_out).reshape(*TOKENS.shape, -1, attn.W_O.shape[1])
        group = part.head * v.shape[2] // attn.W_O.shape[0]
        weights = pattern[at[0], part.head, at[1]]
        z = z.reshape(*TOKENS.shape, *attn.W_O.shape[:2])[*at, part.head]
        torch.testing.assert_close(weights @ v[at[0], :, group], z)
        lost = []
        for token in range(at[1] + 1):
            biases = 0 if attn.b_V is None else attn.b_V[group]
            written = torch.zeros(*TOKENS.shape, attn.W_O.shape[2])
            written[at] = weights[token] * (v[at[0], token, group] - biases) @ attn.W_O[part.head]
            changes = held_still(source, layer, written)
            lost.append(pre_activations(source, layer)[row] - pre_activations(source, layer, changes=changes)[row])
        signed = np.array(lost) * np.sign(head_parts[row, found.read_head[row, 0]])
        assert signed.argmax() == at[1] - found.read_back[row, 0]


def test_some_prompts_at_a_time_change_nothing(source, monkeypatch):
    whole = split(source)
    monkeypatch.setattr("precompute.models.transformer.masking.TOKENS_PER_PASS", {"cpu": 24})
    for layer, found in split(source).items():
        np.testing.assert_allclose(found.parts, whole[layer].parts, atol=1e-5)
        np.testing.assert_array_equal(found.read_back, whole[layer].read_back)


@pytest.mark.parametrize("family", ["bert", "gemma2"])
def test_where_a_norm_comes_between_it_is_said(checkpoints, family):
    assert "is not the sum of its embeddings, heads and MLPs" in open_transformer(str(checkpoints[family])).parts()


def test_rounding_leaves_the_sum():
    rng = np.random.default_rng(0)
    parts = rng.normal(size=(500, 40)) * 10 ** rng.uniform(-3, 2, size=(500, 40))
    found = rounded(parts).astype(np.float64)
    plain = parts.astype(np.float16).astype(np.float64)
    smallest, largest = np.abs(parts).min(axis=1), np.abs(parts).max(axis=1)
    assert (np.abs(found.sum(1) - parts.sum(1)) <= 2**-11 * smallest + 2**-21 * largest).all()
    assert (np.abs(found.sum(1) - parts.sum(1)) / largest).max() < 1e-5
    assert (np.abs(plain.sum(1) - parts.sum(1)) / largest).max() > 1e-4
    assert (np.abs(found - parts) <= 2**-10 * largest[:, None]).all()
