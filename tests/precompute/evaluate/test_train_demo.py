"""Training of a tiny demo model: it learns, is deterministic and resumable, and its saved folder loads."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from precompute.__main__ import main
from precompute.demo_model import data
from precompute.demo_model.evaluate import compare, evaluate_demo
from precompute.demo_model.settings import Settings
from precompute.demo_model.step import batch_of_step, token_losses
from precompute.demo_model.tokenizer import END, MASK, token_stream, trained_tokenizer
from precompute.demo_model.train import save, train

TINY = Settings(
    steps=40, vocab_size=300, n_layer=2, n_embd=16, n_head=2, n_ctx=16, batch=8, micro_batch=4,
    lr=1e-2, warm_up=5, report_every=10, threads=1, dtype="float32",
)  # fmt: skip
STREAM = np.tile(np.arange(2, 52, dtype=np.uint16), 60)


@pytest.fixture(scope="module")
def texts():
    words = ["returns", "the", "value", "of", "an", "array", "when", "it", "is", "given"]
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(words, 30)) + "." for _ in range(200)]


@pytest.fixture(scope="module")
def tokenizer(texts):
    return trained_tokenizer(texts, TINY.vocab_size, TINY.n_ctx)


@pytest.fixture(scope="module")
def streams(tokenizer, texts):
    return data.streams(tokenizer, texts[:150], texts[150:])


def weights(run):
    return torch.cat([p.detach().flatten() for p in run.model.parameters()])


@pytest.fixture(scope="module")
def whole_run(streams, tokenizer, tmp_path_factory):
    return train(streams, tokenizer, tmp_path_factory.mktemp("whole"), TINY)


def test_loss_falls(streams, tokenizer, tmp_path):
    train(streams, tokenizer, tmp_path, TINY)
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [10, 20, 30, 40]
    assert rows[-1]["held_out_loss"] < rows[0]["held_out_loss"] - 0.5


def test_products_are_in_the_type_that_is_fast_here_unless_another_is_given(monkeypatch, capsys, tmp_path):
    settings = []
    monkeypatch.setattr("precompute.demo_model.train.train_demo", lambda out, work, each: settings.append(each.dtype))
    for fastest in ("float32", "bfloat16"):
        monkeypatch.setattr("precompute.demo_model.step.fastest_dtype", lambda fastest=fastest: fastest)
        assert main(["train-demo", "--out", str(tmp_path)]) == 0
    assert main(["train-demo", "--out", str(tmp_path), "--dtype", "float32"]) == 0
    assert settings == ["float32", "bfloat16", "float32"]
    assert main(["train-demo", "--out", str(tmp_path), "--dtype", "int8"]) == 2
    assert "dtype 'int8': the matrix products of training are in float32 or bfloat16" in capsys.readouterr().err


@pytest.mark.slow
def test_weights_depend_on_the_seed(streams, tokenizer, tmp_path, whole_run):
    assert torch.equal(weights(train(streams, tokenizer, tmp_path / "a", TINY)), weights(whole_run))
    other = train(streams, tokenizer, tmp_path / "b", replace(TINY, seed=1))
    assert not torch.equal(weights(other), weights(whole_run))


@pytest.mark.fast("35")
@pytest.mark.parametrize("steps_before_the_kill", [17, 35])
def test_resumed_run_gives_the_same_weights(
    streams, tokenizer, tmp_path, monkeypatch, whole_run, steps_before_the_kill
):
    class Killed(Exception):
        pass

    def dying_batch(stream, settings, step, *args):
        if step == steps_before_the_kill:
            raise Killed
        return batch_of_step(stream, settings, step, *args)

    monkeypatch.setattr("precompute.demo_model.train.batch_of_step", dying_batch)
    with pytest.raises(Killed):
        train(streams, tokenizer, tmp_path, TINY)
    monkeypatch.undo()
    assert torch.equal(weights(train(streams, tokenizer, tmp_path, TINY)), weights(whole_run))


@pytest.mark.slow
def test_finished_run_can_be_extended(streams, tokenizer, tmp_path):
    train(streams, tokenizer, tmp_path / "short", replace(TINY, steps=20))
    extended = train(streams, tokenizer, tmp_path / "short", TINY)
    straight = train(streams, tokenizer, tmp_path / "long", TINY)
    assert torch.equal(weights(extended), weights(straight))


def test_other_settings_in_the_same_folder_are_refused(streams, tokenizer, tmp_path):
    train(streams, tokenizer, tmp_path, replace(TINY, steps=10))
    with pytest.raises(ValueError, match="other settings; use the same settings, or another folder"):
        train(streams, tokenizer, tmp_path, replace(TINY, steps=10, lr=1e-3))


def test_learning_rate_schedule():
    settings = Settings(steps=100, warm_up=10, lr=1.0, decay_share=0.2)
    assert settings.learning_rate(0) == pytest.approx(0.1)
    assert settings.learning_rate(9) == settings.learning_rate(50) == settings.learning_rate(80) == 1.0
    assert settings.learning_rate(90) == pytest.approx(0.5)
    assert settings.learning_rate(100) == 0.0


def test_epochs_are_permutations_of_the_windows():
    n_windows = len(STREAM) // 16 - 1
    starts = np.concatenate([data.starts_of_step(len(STREAM), 16, n_windows, step, seed=0) for step in (0, 1)])
    first, second = starts[:n_windows], starts[n_windows:]
    for epoch in (first, second):
        assert np.array_equal(np.sort(epoch) - epoch.min(), 16 * np.arange(n_windows))
        assert epoch.max() + 16 <= len(STREAM)
    assert not np.array_equal(first, second)


def test_inputs_begin_with_the_end_token_and_targets_are_the_next_tokens():
    unmasked = replace(TINY, masked_rows=0.0)
    inputs, targets = batch_of_step(STREAM, unmasked, 0, end=0, mask=1)
    assert (inputs[:, 0] == 0).all()
    assert torch.equal(inputs[:, 1:], targets[:, :-1])


def test_mask_token_is_in_inputs_and_never_in_targets():
    settings = replace(TINY, batch=400, masked_rows=0.5, masked_tokens=0.2)
    inputs, targets = batch_of_step(STREAM, settings, 3, end=0, mask=1)
    plain, same_targets = batch_of_step(STREAM, replace(settings, masked_rows=0.0), 3, end=0, mask=1)
    masked = inputs == 1
    assert not (targets == 1).any()
    assert torch.equal(targets, same_targets)
    assert torch.equal(inputs[~masked], plain[~masked])
    assert (inputs[:, 0] == 0).all()
    assert masked.any(1).float().mean() == pytest.approx(0.5, abs=0.1)
    assert masked[masked.any(1)][:, 1:].float().mean() == pytest.approx(0.2, abs=0.05)


def test_too_few_tokens_error_names_the_minimum():
    with pytest.raises(ValueError, match="31 training tokens: at least 32"):
        data.starts_of_step(31, 16, 1, 0, 0)


def test_token_losses_match_one_window_at_a_time(whole_run, streams):
    model, n_ctx = whole_run.model, TINY.n_ctx
    nats = token_losses(model, streams.test[:100], n_ctx, end=0)
    second_window = torch.tensor([[0, *streams.test[n_ctx : 2 * n_ctx - 1].tolist()]])
    with torch.inference_mode():
        logs = model(second_window).logits.log_softmax(-1)[0]
    expected = [-logs[i, int(token)].item() for i, token in enumerate(streams.test[n_ctx : 2 * n_ctx])]
    assert len(nats) == 96
    assert nats[n_ctx : 2 * n_ctx] == pytest.approx(expected, abs=1e-5)


def test_tokenizer_is_deterministic(texts, tokenizer):
    assert trained_tokenizer(texts, TINY.vocab_size, TINY.n_ctx).get_vocab() == tokenizer.get_vocab()


def test_text_of_special_tokens_is_not_special(tokenizer):
    end, mask = tokenizer.convert_tokens_to_ids([END, MASK])
    ids = token_stream(tokenizer, [f"a {END} b {MASK}"])
    assert mask not in ids
    assert np.flatnonzero(ids == end).tolist() == [len(ids) - 1]


def test_saved_folder_loads_and_round_trips_text(whole_run, tokenizer, tmp_path):
    save(whole_run, tokenizer, tmp_path, {})
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    text = "the value\n  is: 42\t'é' 日本"
    assert loaded.decode(loaded(text)["input_ids"]) == text
    assert (loaded.bos_token, loaded.eos_token, loaded.pad_token, loaded.mask_token) == (END, END, END, MASK)
    model = AutoModelForCausalLM.from_pretrained(tmp_path, dtype="float32").eval()
    ids = torch.tensor([[0, 5, 6, 7]])
    with torch.inference_mode():
        difference = model(ids).logits - whole_run.model.eval()(ids).logits
    assert difference.abs().max() < 0.02
    assert (model.config.activation_function, model.config.use_cache) == ("gelu_new", True)


def test_comparison_uses_the_same_tokens_for_both(whole_run, streams):
    result = compare(whole_run.model, streams, end=0)
    assert result.n_tokens == len(streams.test) // TINY.n_ctx * TINY.n_ctx - 2
    assert result.advantage == pytest.approx(result.trigram - result.model)
    assert f"difference            {result.advantage:.3f}" in str(result)


def test_evaluation_names_a_missing_file(tmp_path):
    with pytest.raises(ValueError, match=r"has no config.json: give a folder that train-demo wrote"):
        evaluate_demo(tmp_path)
