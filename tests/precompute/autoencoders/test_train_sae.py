"""Training an autoencoder on a model's neurons: it goes on where it was killed; `build --sae` reads what it wrote."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from precompute.__main__ import main
from precompute.autoencoders.loss.train import Run, Training, train
from precompute.autoencoders.train import steps
from precompute.autoencoders.train.activations import activations, corpus_of
from precompute.autoencoders.train.measure import Dictionary, alone, losses
from precompute.autoencoders.train.settings import Settings
from precompute.autoencoders.train.steps import train_one
from precompute.models.autoencoder import open_sae
from precompute.models.transformer import open_transformer
from precompute.run.checkpoints import Checkpoints
from precompute.run.progress import Progress
from precompute.run.run_folder import run_path
from tests.precompute.run.test_build import WORDS
from tests.precompute.steps.test_write import files
from tests.support.killing import run_command
from tests.support.tiny_models import tiny_checkpoint

HOW = Training(d_sae=12, steps=60, batch=32)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("training")
    tiny_checkpoint("gpt2", place / "model")
    rng = np.random.default_rng(0)
    texts = (" ".join(rng.choice(WORDS.split(), size=rng.integers(5, 60))) for _ in range(60))
    (place / "corpus.txt").write_text("\n\n".join(texts))
    assert main(command(place, "sae")) == 0
    return place


def command(place: Path, out: str, *options: str) -> list[str]:
    given = {"--model": place / "model", "--corpus": place / "corpus.txt", "--out": place / out, "--layer": 1}
    sizes = {"--examples": 30, "--held-out": 6, "--context": 24, "--d-sae": 80, "--steps": 250, "--checkpoint": 50}
    more = {"--batch": 32, "--lambda2": 0.5, "--threads": 1}
    return ["train-sae", *(str(part) for pair in {**given, **sizes, **more}.items() for part in pair), *options]


def told():
    return Progress(1, open("/dev/null", "w")).stage("training")


def random_inputs() -> torch.Tensor:
    return torch.randn(300, 8, generator=torch.Generator().manual_seed(0)) * 3


@pytest.mark.parametrize("lambda2", [0.0, 1.0])
def test_one_run_is_a_run_of_many(tmp_path, lambda2):
    """The same weights as `train` makes, whether or not checkpoints are written."""
    run = Run(0.01, lambda2, seed=3)
    (expected,) = train(random_inputs(), [run], HOW)
    with told() as progress:
        found = train_one(random_inputs(), run, HOW, Checkpoints(tmp_path), 7, progress)
    for name in ("W_enc", "b_enc", "W_dec", "b_dec"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


@pytest.mark.parametrize("lambda2", [0.0, 1.0])
def test_a_stopped_run_goes_on_to_the_same_weights(tmp_path, lambda2, monkeypatch):
    """Past the step from which the neuron-embedding term counts, and with latents that are being woken."""
    run, how = Run(0.05, lambda2, seed=3), Training(d_sae=12, steps=60, batch=32, ne_start=20)
    (expected,) = train(random_inputs(), [run], how)

    class Stopped(Exception):
        pass

    def step(trainer, number, chosen, go_on=steps.Trainer.step):
        if number == 45:
            raise Stopped
        return go_on(trainer, number, chosen)

    with monkeypatch.context() as patched, told() as progress:
        patched.setattr(steps.Trainer, "step", step)
        with pytest.raises(Stopped):
            train_one(random_inputs(), run, how, Checkpoints(tmp_path), 10, progress)
    with told() as progress:
        found = train_one(random_inputs(), run, how, Checkpoints(tmp_path), 10, progress)
        assert progress.before == 40
    for name in ("W_enc", "b_enc", "W_dec", "b_dec"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_the_decoder_is_refitted_on_inputs_from_everywhere(tmp_path, monkeypatch):
    """Where there are more than fit in memory together."""
    seen, finish = [], steps.finished
    monkeypatch.setattr(steps, "REFITTED", 100)
    monkeypatch.setattr(steps, "finished", lambda h, *more: (seen.append(h.clone()), finish(h, *more))[1])
    x = random_inputs()
    with told() as progress:
        train_one(x, Run(0.01, 0.0, 0), HOW, Checkpoints(tmp_path), 100, progress)
    torch.testing.assert_close(seen[0], x[::3])


def settings(place: Path, **more) -> Settings:
    sizes = {"examples": 20, "held_out": 5, "context": 24}
    return Settings(**{"model": str(place / "model"), "layer": 1, "corpus": str(place / "corpus.txt"), **sizes, **more})


def test_activations_are_those_of_plain_transformers(place):
    source = open_transformer(str(place / "model"), layers=[1], weights="raw")
    corpus = corpus_of(source, settings(place), lambda done, total: None)
    assert (len(corpus.train), len(corpus.held_out)) == (20, 5)
    found, model, seen = activations(source, corpus.train), AutoModelForCausalLM.from_pretrained(place / "model"), []
    model.eval().transformer.h[1].mlp.c_proj.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    special = source.tokenizer.bos_token_id
    for example in range(20):
        tokens = torch.from_numpy(corpus.train.tokens[example]).long()
        with torch.inference_mode():
            model(tokens[None])
        seen[-1] = seen[-1].reshape(24, 64)[1:][tokens[1:] != special]  # all are full: 20 of a longer corpus
    torch.testing.assert_close(found, torch.cat(seen), atol=1e-5, rtol=1e-4)


def test_held_out_figures_against_arithmetic(place):
    source = open_transformer(str(place / "model"), layers=[1], weights="raw")
    corpus = corpus_of(source, settings(place), lambda done, total: None)
    h = activations(source, corpus.held_out)
    (sae,) = train(h.clone(), [Run(0.01, 0.0, 0)], Training(d_sae=40, steps=30, batch=32))
    found, f = alone(Dictionary(sae, torch.device("cpu")), h), sae.latents(h.numpy())
    error = ((h.numpy() - sae.reconstruction(f)) ** 2).sum() / ((h.numpy() - h.numpy().mean(axis=0)) ** 2).sum()
    assert found.n_tokens == len(h)
    np.testing.assert_allclose(found.l0, (f > 0).sum(axis=1).mean())
    np.testing.assert_allclose(found.fvu, error, rtol=1e-4)
    np.testing.assert_allclose(found.dead, (f == 0).all(axis=0).mean())


def test_losses_are_those_of_plain_transformers(place):
    """Clean, and with the MLP's activations zero at every position that counts."""
    source = open_transformer(str(place / "model"), layers=[1], weights="raw")
    held_out = corpus_of(source, settings(place), lambda done, total: None).held_out
    (sae,) = train(activations(source, held_out), [Run(0.0, 0.0, 0)], Training(d_sae=200, steps=400, batch=64))
    found = losses(source, Dictionary(sae, torch.device("cpu")), held_out)
    model = AutoModelForCausalLM.from_pretrained(place / "model").eval()
    used = torch.from_numpy(held_out.used)[..., None]
    tokens = torch.from_numpy(held_out.tokens).long()

    def loss() -> float:
        with torch.inference_mode():
            return float(model(tokens, labels=tokens).loss)

    np.testing.assert_allclose(found.clean, loss(), rtol=1e-4)
    model.transformer.h[1].mlp.c_proj.register_forward_pre_hook(lambda _, args: (torch.where(used, 0.0, args[0]),))
    np.testing.assert_allclose(found.zeroed, loss(), rtol=1e-4)
    assert abs(found.spliced - found.clean) < 0.3 * abs(found.zeroed - found.clean)


def test_an_encoder_has_no_next_token(tmp_path, place):
    folder = tiny_checkpoint("bert", tmp_path / "bert")
    source = open_transformer(str(folder), layers=[1], weights="raw")
    held_out = corpus_of(source, settings(place, model=str(folder)), lambda done, total: None).held_out
    (sae,) = train(activations(source, held_out), [Run(0.0, 0.0, 0)], Training(d_sae=20, steps=3, batch=8))
    assert losses(source, Dictionary(sae, torch.device("cpu")), held_out) is None


def test_what_is_written_is_read_by_build(place):
    source = open_sae(str(place / "sae"), str(place / "model"))
    cfg = json.loads((place / "sae" / "cfg.json").read_text())
    assert (cfg["architecture"], cfg["apply_b_dec_to_input"], cfg["d_in"], cfg["d_sae"]) == ("standard", False, 64, 80)
    assert cfg["metadata"]["hook_name"] == "blocks.1.mlp.hook_post"
    assert cfg["metadata"]["training"]["lambda2"] == 0.5
    assert str(place) not in json.dumps(cfg)
    weights = load_file(place / "sae" / "sae_weights.safetensors")
    np.testing.assert_array_equal(source.layer(1).W_in, weights["W_enc"].numpy())
    figures = cfg["metadata"]["held_out"]
    assert 0 < figures["sae_l0"] < 80
    assert 0 < figures["sae_fvu"] < 1


def test_another_model_of_the_same_width_is_refused(place, tmp_path, capsys):
    """Its latents would look like latents."""
    tiny_checkpoint("gpt2", tmp_path / "other", seed=1)
    capsys.readouterr()
    given = ["build", "--corpus", f"{place}/corpus.txt", "--examples", "8", "--context", "16", "--sae", f"{place}/sae"]
    assert main([*given, "--model", f"{tmp_path}/other", "--out", f"{tmp_path}/atlas", "--device", "cpu"]) == 2
    said = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("[")]
    assert len(said) == 1
    assert "trained on a model of other weights than other" in said[0]
    assert main([*given, "--model", f"{place}/model", "--out", f"{tmp_path}/atlas", "--device", "cpu"]) == 0


def test_a_killed_command_goes_on_to_the_same_bytes(place, capsys):
    assert run_command(command(place, "killed"), kill_in=("steps", 3)) == -9
    assert not (place / "killed").exists()
    assert run_command(command(place, "killed", "--lambda1", "0.5")) == 2  # begun otherwise
    assert run_command(command(place, "killed")) == 0
    assert files(place / "killed") == files(place / "sae")
    assert not run_path(place / "killed").exists()


# By what is wrong: options, and words of the line.
BAD = {
    "no such model": (["--model", "nowhere"], "nowhere: no such folder"),
    "no such layer": (["--layer", "7"], "no layer 7"),
    "no such corpus": (["--corpus", "nowhere.txt"], "no such file"),
    "a corpus that is too short": (["--examples", "3000"], "3000 to train on and 6 held out were asked for"),
    "a context that is too long": (["--context", "4000"], "more than this model's 48"),
    "no latents": (["--d-sae", "0"], "d-sae: 0 is not 1 or more"),
    "a weight below zero": (["--lambda1", "-1"], "lambda1: -1.0 is not a number from 0 on"),
    "a weight that is no number": (["--lambda2", "nan"], "lambda2: nan is not a number from 0 on"),
    "a loss over something else": (["--ne-over", "words"], "ne-over: 'words' is not latents or pairs"),
    "a learning rate of nothing": (["--learning-rate", "0"], "learning-rate: 0.0 is not"),
    "no such device": (["--device", "abacus"], "device: abacus: torch finds no such device"),
    "out holds other things": (["--out", "{place}/model"], "holds files and is no autoencoder"),
    "out is a file": (["--out", "{place}/corpus.txt"], "is not a directory"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_exit_code_2_and_one_line(place, name, capsys):
    options, words = BAD[name]
    assert main(command(place, "bad", *(option.format(place=place) for option in options))) == 2
    said = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("[")]
    assert len(said) == 1
    assert words in said[0]
    assert not (place / "bad").exists()
    assert not run_path(place / "bad").exists()


@pytest.mark.parametrize("missing", ["--model", "--layer", "--out"])
def test_model_layer_and_out_must_be_told(place, missing, capsys):
    given = command(place, "bad")
    at = given.index(missing)
    with pytest.raises(SystemExit) as stop:
        main(given[:at] + given[at + 2 :])
    assert stop.value.code == 2
    assert missing in capsys.readouterr().err
