"""The live model reads a text as the build read the corpus: the atlas's examples give the stored values."""

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from ne_core.live.requests import LiveError, ReadText
from ne_core.refs import NeuronRef
from precompute.corpus import special_ids
from precompute.live.predictions import predictions
from precompute.live.reading import forward, read_text, strongest
from precompute.live.text import text_of, tokens_of
from tests.precompute.live.conftest import KINDS

TEXT = "the same words come back"


def example(reader, number: int):
    atlas, special = reader.atlas, special_ids(reader.source.tokenizer)
    return tokens_of(atlas.tokens[number, : atlas.lengths[number]], special)


@pytest.mark.fast("folded", "latents")
@pytest.mark.parametrize("kind", KINDS)
def test_examples_of_the_corpus_have_the_activations_that_the_atlas_stored(reader, kind):
    """Up to half precision, in which the atlas stores them, and rounding in batches of another size."""
    reader, n = reader(kind), 0
    for number in range(12):
        live = {}
        for part in forward(reader, example(reader, number), 0.25)[0]:
            result = zip(part.pos.tolist(), part.neuron.tolist(), part.activation.tolist(), strict=True)
            live |= {(part.layer, neuron, pos): activation for pos, neuron, activation in result}
        for layer in reader.atlas.layers:
            files = reader.atlas.files[layer]
            of_row = np.repeat(np.arange(len(files.offsets) - 1), np.diff(files.offsets))
            for row in np.flatnonzero(files.columns["example"] == number).tolist():
                key = layer, int(of_row[row]), int(files.columns["pos"][row])
                assert live[key] == pytest.approx(float(files.columns["activation"][row]), rel=2e-3, abs=1e-6)
                n += 1
    assert n > 20


@pytest.mark.fast("folded")
@pytest.mark.parametrize("kind", ["folded", pytest.param("raw", marks=pytest.mark.slow), "latents"])
def test_examples_of_the_atlas_are_assigned_to_their_feature_in_the_tree(reader, kind):
    """Each is compared with all members of its feature, itself included."""
    reader, n_correct, n = reader(kind), 0, 0
    for number in range(len(reader.atlas.tokens)):
        fired = strongest(reader, forward(reader, example(reader, number), 0.74)[0], 5000, None)
        for i in range(len(fired)):
            neuron = reader.atlas.neuron(NeuronRef(int(fired.layer[i]), int(fired.neuron[i])))
            row = np.flatnonzero((neuron.example == number) & (neuron.pos == fired.pos[i]))
            n_correct += (neuron.feature[row] == fired.feature[i]).sum()
            n += len(row)
    assert n > 100
    assert n_correct >= 0.97 * n  # average linkage may leave an example nearer to another feature than to its own


def test_reading_counts_what_it_lists(reader):
    answer = read_text(reader("folded"), ReadText(TEXT, share=0.25))
    fired = answer.fired
    assert answer.n_fired == len(fired) == answer.n_active.sum()
    assert (np.diff(fired.share) <= 0).all()
    assert (fired.share >= 0.25).all()
    assert answer.counted[fired.pos].all()
    assert not answer.counted[0]
    assert not answer.cut
    for row, layer in enumerate(answer.layers):
        expected = np.bincount(fired.pos[fired.layer == layer], minlength=len(answer.tokens))
        np.testing.assert_array_equal(answer.n_active[row], expected)


def test_strongest_come_first_up_to_the_limit(reader):
    every, some = (read_text(reader("folded"), ReadText(TEXT, share=0.25, most=most)) for most in (5000, 7))
    assert some.n_fired == every.n_fired
    np.testing.assert_array_equal(some.fired.share, every.fired.share[:7])
    np.testing.assert_array_equal(some.fired.feature, every.fired.feature[:7])
    assert not len(read_text(reader("folded"), ReadText(TEXT, most=0)).fired)


def test_at_distance_two_every_neuron_has_one_feature(reader):
    fired = read_text(reader("folded"), ReadText(TEXT, share=0.25, distance=2.0)).fired
    assert set(fired.feature.tolist()) == {0}
    assert np.isnan(fired.margin).all()


def test_probabilities_are_those_of_the_model(reader, place):
    answer = read_text(reader("folded"), ReadText(TEXT))
    model = AutoModelForCausalLM.from_pretrained(place / "models" / "gpt2", dtype=torch.float32).eval()
    tokens = torch.from_numpy(answer.tokens.astype(np.int64))
    with torch.inference_mode():
        expected = model(tokens[None]).logits[0].log_softmax(-1).numpy()
    np.testing.assert_allclose(
        answer.log_probability[1:], expected[np.arange(len(tokens) - 1), answer.tokens[1:]], atol=1e-4
    )
    np.testing.assert_array_equal(answer.next_tokens[:, 0], expected.argmax(1))
    np.testing.assert_allclose(answer.next_log_probability[:, 0], expected.max(1), atol=1e-4)
    assert np.isnan(answer.log_probability[0])


def test_an_encoder_predicts_nothing_and_says_so(reader):
    answer = read_text(reader("encoder"), ReadText(TEXT, share=0.25))
    assert np.isnan(answer.log_probability).all()
    assert (answer.next_tokens == -1).all()
    assert any("does not predict" in note for note in answer.notes)
    assert predictions(reader("encoder"), text_of(reader("encoder").source, TEXT), None)


def test_without_inputs_activations_are_given_and_meanings_are_not(reader):
    answer = read_text(reader("lacking"), ReadText(TEXT, share=0.25))
    assert len(answer.fired)
    assert (answer.fired.feature == -1).all()
    assert not answer.fired.unlike.any()
    assert any("no inputs" in note for note in answer.notes)


def test_special_tokens_that_are_typed_are_text(reader):
    source = reader("folded").source
    text = text_of(source, "<|endoftext|> the")
    assert source.tokenizer.eos_token_id not in text.tokens[1:]
    assert text.counted[1:].all()


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_no_text_is_refused_in_one_line(reader, text):
    with pytest.raises(LiveError, match="no text"):
        read_text(reader("folded"), ReadText(text))


@pytest.mark.parametrize(
    "text", ["a", "x" * 100_000, "\x00\x07\x1b", "\udc80\ud800 a", "<b>&amp;</b>", "\u202e日本語🙂"]
)
@pytest.mark.parametrize("kind", ["folded", "encoder", "latents"])
def test_any_text_is_read(reader, kind, text):
    answer = read_text(reader(kind), ReadText(text, share=0.25))
    assert 2 <= len(answer.tokens) <= 48
    assert answer.cut == (len(text) > 1000)
    assert answer.cut == any("too long" in note for note in answer.notes)


@pytest.mark.parametrize(
    "wrong", [{"share": 0.1}, {"share": float("nan")}, {"share": 2.0}, {"distance": -1.0}, {"distance": float("inf")},
              {"most": -1}, {"most": 10**9}]
)  # fmt: skip
def test_numbers_out_of_range_are_refused(reader, wrong):
    (name,) = wrong
    with pytest.raises(LiveError, match=f"{name}="):
        read_text(reader("folded"), ReadText(TEXT, **wrong))
