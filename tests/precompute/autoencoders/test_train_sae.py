"""Train an autoencoder on a model's neurons: resumed after a kill, and read by `build --sae`."""

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
from precompute.autoencoders.train.activations import activations, load_corpus
from precompute.autoencoders.train.measure import Dictionary, losses, measure_alone
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
    inputs = {"--model": place / "model", "--corpus": place / "corpus.txt", "--out": place / out, "--layer": 1}
    sizes = {"--examples": 30, "--held-out": 6, "--context": 24, "--d-sae": 80, "--steps": 250, "--checkpoint": 50}
    training = {"--batch": 32, "--lambda2": 0.5, "--threads": 1}
    return [
        "train-sae",
        *(str(word) for option in {**inputs, **sizes, **training}.items() for word in option),
        *options,
    ]


def training_stage():
    return Progress(1, open("/dev/null", "w")).stage("training")


def random_inputs() -> torch.Tensor:
    return torch.randn(300, 8, generator=torch.Generator().manual_seed(0)) * 3


@pytest.mark.parametrize("lambda2", [pytest.param(0.0, marks=pytest.mark.slow), 1.0])
def test_train_one_matches_train(tmp_path, lambda2):
    """The weights equal those of `train`, with or without checkpoints."""
    run = Run(0.01, lambda2, seed=3)
    (expected,) = train(random_inputs(), [run], HOW)
    with training_stage() as progress:
        sae = train_one(random_inputs(), run, HOW, Checkpoints(tmp_path), 7, progress)
    for name in ("W_enc", "b_enc", "W_dec", "b_dec"):
        np.testing.assert_array_equal(getattr(sae, name), getattr(expected, name))


@pytest.mark.parametrize("lambda2", [pytest.param(0.0, marks=pytest.mark.slow), 1.0])
def test_stopped_run_resumes_to_the_same_weights(tmp_path, lambda2, monkeypatch):
    """Stop after the neuron-embedding term starts, with silent latents that are being woken."""
    run, training = Run(0.05, lambda2, seed=3), Training(d_sae=12, steps=60, batch=32, ne_start=20)
    (expected,) = train(random_inputs(), [run], training)

    class Stopped(Exception):
        pass

    def step(trainer, number, rows, original_step=steps.Trainer.step):
        if number == 45:
            raise Stopped
        return original_step(trainer, number, rows)

    with monkeypatch.context() as patched, training_stage() as progress:
        patched.setattr(steps.Trainer, "step", step)
        with pytest.raises(Stopped):
            train_one(random_inputs(), run, training, Checkpoints(tmp_path), 10, progress)
    with training_stage() as progress:
        sae = train_one(random_inputs(), run, training, Checkpoints(tmp_path), 10, progress)
        assert progress.before == 40
    for name in ("W_enc", "b_enc", "W_dec", "b_dec"):
        np.testing.assert_array_equal(getattr(sae, name), getattr(expected, name))


def test_decoder_is_refitted_on_spread_inputs(tmp_path, monkeypatch):
    """Inputs are spread over all, where there are more than the limit."""
    refit_inputs, final_sae = [], steps.final_sae
    monkeypatch.setattr(steps, "MAX_REFIT_INPUTS", 100)
    monkeypatch.setattr(steps, "final_sae", lambda h, *args: (refit_inputs.append(h.clone()), final_sae(h, *args))[1])
    x = random_inputs()
    with training_stage() as progress:
        train_one(x, Run(0.01, 0.0, 0), HOW, Checkpoints(tmp_path), 100, progress)
    torch.testing.assert_close(refit_inputs[0], x[::3])


def settings(place: Path, **options) -> Settings:
    sizes = {"examples": 20, "held_out": 5, "context": 24}
    return Settings(
        **{"model": str(place / "model"), "layer": 1, "corpus": str(place / "corpus.txt"), **sizes, **options}
    )


def test_activations_match_plain_transformers(place):
    source = open_transformer(str(place / "model"), layers=[1], weights="raw")
    corpus = load_corpus(source, settings(place), lambda done, total: None)
    assert (len(corpus.train), len(corpus.held_out)) == (20, 5)
    h, model, expected = activations(source, corpus.train), AutoModelForCausalLM.from_pretrained(place / "model"), []
    model.eval().transformer.h[1].mlp.c_proj.register_forward_pre_hook(lambda _, args: expected.append(args[0]))
    special = source.tokenizer.bos_token_id
    for example in range(20):
        tokens = torch.from_numpy(corpus.train.tokens[example]).long()
        with torch.inference_mode():
            model(tokens[None])
        expected[-1] = expected[-1].reshape(24, 64)[1:][tokens[1:] != special]  # all are full: 20 of a longer corpus
    torch.testing.assert_close(h, torch.cat(expected), atol=1e-5, rtol=1e-4)


def test_held_out_figures_match_formulas(place):
    source = open_transformer(str(place / "model"), layers=[1], weights="raw")
    corpus = load_corpus(source, settings(place), lambda done, total: None)
    h = activations(source, corpus.held_out)
    (sae,) = train(h.clone(), [Run(0.01, 0.0, 0)], Training(d_sae=40, steps=30, batch=32))
    measures, f = measure_alone(Dictionary(sae, torch.device("cpu")), h), sae.latents(h.numpy())
    error = ((h.numpy() - sae.reconstruction(f)) ** 2).sum() / ((h.numpy() - h.numpy().mean(axis=0)) ** 2).sum()
    assert measures.n_tokens == len(h)
    np.testing.assert_allclose(measures.l0, (f > 0).sum(axis=1).mean())
    np.testing.assert_allclose(measures.fvu, error, rtol=1e-4)
    np.testing.assert_allclose(measures.dead, (f == 0).all(axis=0).mean())


def test_losses_match_plain_transformers(place):
    """Compare clean losses, and losses with the MLP's activations zero at every used position."""
    source = open_transformer(str(place / "model"), layers=[1], weights="raw")
    held_out = load_corpus(source, settings(place), lambda done, total: None).held_out
    (sae,) = train(activations(source, held_out), [Run(0.0, 0.0, 0)], Training(d_sae=200, steps=400, batch=64))
    measured_losses = losses(source, Dictionary(sae, torch.device("cpu")), held_out)
    model = AutoModelForCausalLM.from_pretrained(place / "model").eval()
    used = torch.from_numpy(held_out.used)[..., None]
    tokens = torch.from_numpy(held_out.tokens).long()

    def loss() -> float:
        with torch.inference_mode():
            return float(model(tokens, labels=tokens).loss)

    np.testing.assert_allclose(measured_losses.clean, loss(), rtol=1e-4)
    model.transformer.h[1].mlp.c_proj.register_forward_pre_hook(lambda _, args: (torch.where(used, 0.0, args[0]),))
    np.testing.assert_allclose(measured_losses.zeroed, loss(), rtol=1e-4)
    assert abs(measured_losses.spliced - measured_losses.clean) < 0.3 * abs(
        measured_losses.zeroed - measured_losses.clean
    )


def test_encoder_has_no_next_token_loss(tmp_path, place):
    folder = tiny_checkpoint("bert", tmp_path / "bert")
    source = open_transformer(str(folder), layers=[1], weights="raw")
    held_out = load_corpus(source, settings(place, model=str(folder)), lambda done, total: None).held_out
    (sae,) = train(activations(source, held_out), [Run(0.0, 0.0, 0)], Training(d_sae=20, steps=3, batch=8))
    assert losses(source, Dictionary(sae, torch.device("cpu")), held_out) is None


def test_build_reads_the_written_folder(place):
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


# Fields of SAELens 6.18.0's StandardSAEConfig, which it reads from cfg.json, and of its metadata about the model.
SAELENS_FIELDS = {
    "d_in", "d_sae", "dtype", "device", "apply_b_dec_to_input", "normalize_activations", "reshape_activations",
    "metadata", "architecture",
}  # fmt: skip
SAELENS_METADATA = {"model_name", "hook_name", "hook_head_index", "context_size", "dataset_path", "sae_lens_version"}


def test_the_written_folder_has_the_form_of_saelens(place):
    """SAELens reads metadata only if sae_lens_version is 6 or later, and its names and shapes of tensors."""
    assert {path.name for path in (place / "sae").iterdir()} == {"cfg.json", "sae_weights.safetensors"}
    cfg = json.loads((place / "sae" / "cfg.json").read_text())
    assert set(cfg) == SAELENS_FIELDS
    assert set(cfg["metadata"]) >= SAELENS_METADATA
    assert int(cfg["metadata"]["sae_lens_version"].split(".")[0]) >= 6
    assert (cfg["dtype"], cfg["normalize_activations"], cfg["reshape_activations"]) == ("float32", "none", "none")
    weights = load_file(place / "sae" / "sae_weights.safetensors")
    assert {name: tuple(tensor.shape) for name, tensor in weights.items()} == {
        "W_enc": (64, 80), "b_enc": (80,), "W_dec": (80, 64), "b_dec": (64,)
    }  # fmt: skip
    assert {tensor.dtype for tensor in weights.values()} == {torch.float32}


def test_another_model_of_the_same_width_is_refused(place, tmp_path, capsys):
    """Latents on another model's activations would look plausible."""
    tiny_checkpoint("gpt2", tmp_path / "other", seed=1)
    capsys.readouterr()
    arguments = [
        "build",
        "--corpus",
        f"{place}/corpus.txt",
        "--examples",
        "8",
        "--context",
        "16",
        "--sae",
        f"{place}/sae",
    ]
    assert main([*arguments, "--model", f"{tmp_path}/other", "--out", f"{tmp_path}/atlas", "--device", "cpu"]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("[")]
    assert len(lines) == 1
    assert "trained on other weights than those of other" in lines[0]
    assert main([*arguments, "--model", f"{place}/model", "--out", f"{tmp_path}/atlas", "--device", "cpu"]) == 0


@pytest.mark.slow
def test_killed_command_resumes_to_the_same_bytes(place, capsys):
    assert run_command(command(place, "killed"), kill_in=("steps", 3)) == -9
    assert not (place / "killed").exists()
    assert run_command(command(place, "killed", "--lambda1", "0.5")) == 2  # started with other settings
    assert run_command(command(place, "killed")) == 0
    assert files(place / "killed") == files(place / "sae")
    assert not run_path(place / "killed").exists()


# name of the error: options, expected words of the message
BAD = {
    "no such model": (["--model", "nowhere"], "nowhere: no such folder"),
    "no such layer": (["--layer", "7"], "no layer 7"),
    "no such corpus": (["--corpus", "nowhere.txt"], "no such file"),
    "a corpus that is too short": (["--examples", "3000"], "3000 to train on and 6 held out were requested"),
    "a context that is too long": (["--context", "4000"], "more than this model's 48"),
    "no latents": (["--d-sae", "0"], "d-sae: 0 is not 1 or more"),
    "a weight below zero": (["--lambda1", "-1"], "lambda1: -1.0 is not a number of 0 or more"),
    "a weight that is no number": (["--lambda2", "nan"], "lambda2: nan is not a number of 0 or more"),
    "a loss over something else": (["--ne-over", "words"], "ne-over: 'words' is not latents, pairs or inputs"),
    "a learning rate of nothing": (["--learning-rate", "0"], "learning-rate: 0.0 is not"),
    "no such device": (["--device", "abacus"], "device: abacus: torch finds no such device"),
    "out holds other things": (["--out", "{place}/model"], "holds files and is no autoencoder"),
    "out is a file": (["--out", "{place}/corpus.txt"], "is not a directory"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gives_exit_code_2_and_one_line(place, name, capsys):
    options, words = BAD[name]
    assert main(command(place, "bad", *(option.format(place=place) for option in options))) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("[")]
    assert len(lines) == 1
    assert words in lines[0]
    assert not (place / "bad").exists()
    assert not run_path(place / "bad").exists()


@pytest.mark.parametrize("missing", ["--model", "--layer", "--out"])
def test_model_layer_and_out_are_required(place, missing, capsys):
    arguments = command(place, "bad")
    index = arguments.index(missing)
    with pytest.raises(SystemExit) as stop:
        main(arguments[:index] + arguments[index + 2 :])
    assert stop.value.code == 2
    assert missing in capsys.readouterr().err
