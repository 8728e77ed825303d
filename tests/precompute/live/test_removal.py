"""Removed meanings: one neuron's activation changes, and the model runs with it as with a plain hook."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from ne_core.live.requests import WHOLE, LiveError, Removal, TakeOut
from ne_core.method.meaning import along_span, beyond, span
from ne_core.refs import NeuronRef
from precompute.live.edits import Edit, random_part
from precompute.live.removal import take_out
from precompute.live.running import at_layer

TEXT = "the same words come back and a model reads text"


def run_hooked(place, tokens: np.ndarray, change: Callable[[torch.nn.Module], list]) -> np.ndarray:
    """Log-probabilities of plain transformers with hooks, [pos vocabulary]."""
    model = AutoModelForCausalLM.from_pretrained(place / "models" / "gpt2", dtype=torch.float32).eval()
    change(model)
    with torch.inference_mode():
        return model(torch.from_numpy(tokens.astype(np.int64))[None]).logits[0].log_softmax(-1).numpy()


def of_text(log_probabilities: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    return log_probabilities[np.arange(len(tokens) - 1), tokens[1:]]


def reads_nothing(layer: int, neuron: int, pos: slice, folded: bool):
    """Return a function that adds a hook on the pre-activations, which leaves only the biases of one neuron."""

    def change(model) -> list:
        block = model.transformer.h[layer]
        b = block.mlp.c_fc.bias[neuron]
        if folded:
            b = b + block.ln_2.bias @ block.mlp.c_fc.weight[:, neuron]

        def hook(module, inputs, z):
            z = z.clone()
            z[:, pos, neuron] = b
            return z

        return [block.mlp.c_fc.register_forward_hook(hook)]

    return change


@pytest.mark.parametrize("kind", ["folded", pytest.param("raw", marks=pytest.mark.slow)])
def test_a_whole_neuron_removed_is_a_hook_that_zeroes_what_it_reads(reader, place, kind):
    result = take_out(reader(kind), TakeOut(TEXT, (Removal(0, 7), Removal(2, 3))))
    first, second = (
        reads_nothing(layer, neuron, slice(1, None), kind == "folded") for layer, neuron in ((0, 7), (2, 3))
    )
    expected = run_hooked(place, result.tokens, lambda model: first(model) + second(model))
    np.testing.assert_allclose(result.log_probability[1, 1:], of_text(expected, result.tokens), atol=1e-4)
    np.testing.assert_allclose(
        result.probability[1], np.exp(expected[result.next_after, result.next_tokens]), atol=1e-5
    )
    before = run_hooked(place, result.tokens, lambda model: [])
    np.testing.assert_allclose(result.log_probability[0, 1:], of_text(before, result.tokens), atol=1e-4)
    assert np.abs(expected - before).max() > 1e-3


def test_at_one_position_nothing_before_it_changes(reader, place):
    result = take_out(reader("folded"), TakeOut(TEXT, (Removal(0, 7),), pos=4, next_after=2))
    expected = run_hooked(place, result.tokens, reads_nothing(0, 7, slice(4, 5), True))
    np.testing.assert_allclose(result.log_probability[1, 1:], of_text(expected, result.tokens), atol=1e-4)
    np.testing.assert_array_equal(result.probability[0], result.probability[1])
    assert result.changed_pos.tolist() == [4]


def several(reader) -> NeuronRef:
    """A neuron with two features or more."""
    row = int(np.argmax(reader.atlas.neurons["n_features"]))
    return NeuronRef(int(reader.atlas.neurons["layer"][row]), int(reader.atlas.neurons["neuron"][row]))


def test_a_meaning_is_projected_out_of_x_at_its_neuron_alone(reader):
    reader = reader("folded")
    ref, text = several(reader), reader.text(TEXT)
    result = take_out(reader, TakeOut(TEXT, (Removal(ref.layer, ref.neuron, 1),)))
    x, activations = at_layer(reader, text, ref.layer, [])
    in_feature, mean = reader.atlas.neuron(ref).feature == 1, reader.mean(ref.layer)
    u = beyond(np.asarray(reader.atlas.neuron_inputs(ref), np.float32), np.asarray(in_feature), mean)
    rest = x - np.outer((x - mean) @ u, u)
    weights = reader.source.layer(ref.layer)
    z = torch.from_numpy(rest @ weights.W_in[:, ref.neuron] + weights.b_in[ref.neuron])
    expected = torch.nn.functional.gelu(z, approximate="tanh").numpy()
    np.testing.assert_array_equal(result.changed_pos, np.flatnonzero(text.counted))
    np.testing.assert_allclose(result.changed_activation[0], activations[result.changed_pos, ref.neuron], atol=1e-5)
    np.testing.assert_allclose(result.changed_activation[1], expected[result.changed_pos], atol=1e-4)
    assert "residual stream" in result.summary


def test_all_meanings_of_a_neuron_at_once_are_what_they_span():
    """Three directions in a plane: the part in the plane is removed, for any angles between them."""
    directions = np.array([[1, 0, 0], [0.6, 0.8, 0], [0, 1, 0], [0, 0, 0]], dtype=np.float32)
    basis = span(directions)
    assert len(basis) == 2
    removed = along_span(np.array([[3, 4, 5]], dtype=np.float32), np.array([1, 0, 0], dtype=np.float32), basis)
    np.testing.assert_allclose(removed, [[2, 4, 0]], atol=1e-6)
    assert len(span(np.zeros((2, 3), dtype=np.float32))) == 0


def test_beyond_is_at_right_angles_to_the_siblings():
    x = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 0], [1, 0, 0]], dtype=np.float32)
    in_feature, mean = np.array([True, True, False, False]), np.zeros(3, dtype=np.float32)
    np.testing.assert_allclose(beyond(x, in_feature, mean), [0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(beyond(x[:2], in_feature[:2], mean), [np.sqrt(0.5), np.sqrt(0.5), 0], atol=1e-6)
    assert not beyond(x[[0, 0]], np.array([True, False]), mean).any()


def test_the_random_part_has_the_same_length(reader):
    reader, x = reader("folded"), np.random.default_rng(0).normal(size=(5, 16)).astype(np.float32)
    for edit in (Edit(NeuronRef(0, 1), span(np.eye(2, 16, dtype=np.float32))), Edit(NeuronRef(0, 1), None)):
        lengths = np.linalg.norm(edit.removed(x, reader.mean(0)), axis=1)
        part = random_part(reader)(edit, x)
        np.testing.assert_allclose(np.linalg.norm(part, axis=1), lengths, rtol=1e-5)
        assert np.linalg.matrix_rank(part, tol=1e-4) == 1


def test_a_latent_removed_takes_its_decoder_row_out_of_the_stream(reader, place):
    reader = reader("latents")
    (layer,), text = reader.atlas.layers, reader.text(TEXT)
    _, latents = at_layer(reader, text, layer, [])
    latent = int(latents[1:].max(0).argmax())
    result = take_out(reader, TakeOut(TEXT, (Removal(layer, latent),)))
    change = np.zeros_like(latents[:, latent])
    change[result.changed_pos] = result.changed_activation[1] - result.changed_activation[0]
    row = reader.source._latents.W_dec[latent].numpy()

    def hooked(model) -> list:
        def hook(module, inputs):
            return (inputs[0] + torch.from_numpy(np.outer(change, row)), *inputs[1:])

        return [model.transformer.h[1].register_forward_pre_hook(hook)]

    np.testing.assert_allclose(
        result.log_probability[1, 1:], of_text(run_hooked(place, result.tokens, hooked), result.tokens), atol=1e-4
    )
    assert np.abs(change).max() > 0.1


@pytest.mark.parametrize(
    ("kind", "removals", "message"),
    [
        ("folded", (), "has 1 to 10"),
        ("folded", (Removal(0, 1),) * 11, "has 1 to 10"),
        ("folded", (Removal(1, 1),), "layer=1"),
        ("folded", (Removal(0, 99),), "neuron=99"),
        ("folded", (Removal(0, 1, 400),), "feature=400"),
        ("encoder", (Removal(0, 1),), "does not predict"),
        ("lacking", (Removal(1, 1, 0),), "no inputs"),
    ],
)
def test_what_cannot_be_removed_is_refused_in_one_line(reader, kind, removals, message):
    with pytest.raises(LiveError, match=message) as error:
        take_out(reader(kind), TakeOut(TEXT, removals))
    assert "\n" not in str(error.value)


def test_without_inputs_a_whole_neuron_can_be_removed(reader):
    result = take_out(reader("lacking"), TakeOut(TEXT, (Removal(1, 1, WHOLE),)))
    assert np.abs(result.log_probability[1, 1:] - result.log_probability[0, 1:]).max() > 0
