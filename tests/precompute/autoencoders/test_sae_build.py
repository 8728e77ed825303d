"""An atlas of an autoencoder's latents on the command line: correct, resumable, refused on bad input."""

import importlib.util
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from ne_core.atlas import Atlas
from ne_core.atlas.verify import verify
from ne_core.refs import NeuronRef
from precompute.__main__ import main
from precompute.config import PRESETS, ConfigError
from precompute.run.run_folder import run_path
from tests.precompute.autoencoders.test_sae_source import HOOKS, plain
from tests.precompute.run.test_build import WORDS
from tests.precompute.steps.test_write import files
from tests.support.killing import run_command
from tests.support.models.tiny_saes import latents_of, tiny_sae
from tests.support.tiny_models import tiny_checkpoint

HOOK = "blocks.1.hook_resid_pre"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("saes")
    tiny_checkpoint("gpt2", place / "model")
    tiny_sae(place / "sae", 16, HOOK, architecture="topk", k=6)
    rng = np.random.default_rng(0)
    texts = (" ".join(rng.choice(WORDS.split(), size=rng.integers(5, 60))) for _ in range(60))
    (place / "corpus.txt").write_text("\n\n".join(texts))
    assert main(command(place, "atlas")) == 0
    return place


def command(place: Path, out: str, sae: str = "sae", *options: str) -> list[str]:
    inputs = {"--model": "model", "--sae": sae, "--corpus": "corpus.txt", "--out": out}
    paths = [part for name, value in inputs.items() for part in (name, str(place / value))]
    sizes = ["--examples", "40", "--context", "24", "--window", "6,3", "--max-examples", "12", "--work-unit", "8"]
    return ["build", *paths, *sizes, "--mask", "mean-embedding", "--device", "cpu", *options]


@pytest.fixture(scope="module")
def atlas(place) -> Atlas:
    return Atlas.open(place / "atlas")


@pytest.fixture(scope="module")
def latents(place, atlas) -> Callable[[int], np.ndarray]:
    """Latents [pos latent] of an example, from plain transformers and SAELens's formula."""
    import torch

    def of(example: int) -> np.ndarray:
        tokens = torch.from_numpy(np.array(atlas.tokens[example : example + 1, : atlas.lengths[example]])).long()
        return latents_of(place / "sae", plain(place / "model", HOOK, tokens)[0].numpy(), k=6)

    return of


def test_atlas_is_valid_and_describes_the_autoencoder(place, atlas):
    assert list(verify(atlas.root)) == []
    manifest = atlas.manifest
    assert (atlas.layers, atlas.n_neurons(1), atlas.manifest.units) == ((1,), 40, "latents")
    assert (manifest.weights, manifest.name, manifest.gated_embedding) == ("raw", "sae", None)
    sae = manifest.model.sae
    assert (sae["name"], sae["architecture"], sae["k"], sae["hook"]) == ("sae", "topk", 6, HOOK)
    assert len(sae["sha256"]) == 64
    assert manifest.model.name == "model"
    assert atlas.manifest.logit_effects
    assert atlas.manifest.why_no_parts == "latents of an autoencoder are not split into contributions"


def test_activating_examples_match_saelens(atlas, latents):
    special = atlas.vocab.index("<|endoftext|>")
    free = [np.flatnonzero(tokens[:n] != special) for tokens, n in zip(atlas.tokens, atlas.lengths, strict=True)]
    latents_by_example = [latents(example) for example in range(len(free))]
    best = np.array(
        [f[positions[positions > 0]].max(axis=0) for f, positions in zip(latents_by_example, free, strict=True)]
    )
    compared = 0
    for number in range(40):
        neuron, maximum = atlas.neuron(NeuronRef(1, number)), best[:, number].max()
        if maximum <= 0:
            assert len(neuron) == 0
        elif not (np.abs(best[:, number] - 0.75 * maximum) < 1e-4).any():
            assert neuron.example.tolist() == np.flatnonzero(best[:, number] >= 0.75 * maximum)[:12].tolist()
            np.testing.assert_allclose(neuron.activation, best[neuron.example, number], rtol=2e-3, atol=1e-3)
            compared += 1
    assert compared > 10


def test_embeddings_sum_to_the_latent(atlas):
    """Check on the atlas's own files: x of every activating example, W_in and b_in."""
    layer, compared = atlas.weights(1), 0
    for number in range(40):
        ref = NeuronRef(1, number)
        neuron = atlas.neuron(ref)
        if len(neuron):
            z = layer.embed(atlas.neuron_inputs(ref).astype(np.float32), number).sum(axis=1) + layer.b_in[number]
            np.testing.assert_allclose(z, neuron.activation, rtol=1e-2, atol=1e-2)
            compared += len(neuron)
    assert compared > 100


def test_importance_is_the_share_of_the_latent_lost_to_masking(place, atlas):
    import torch
    from transformers import AutoModelForCausalLM

    embed = AutoModelForCausalLM.from_pretrained(place / "model").get_input_embeddings().weight.detach()
    compared = 0
    for number in range(0, 40, 7):
        neuron = atlas.neuron(NeuronRef(1, number))
        for row in range(min(2, len(neuron))):
            example, key = int(neuron.example[row]), int(neuron.pos[row])
            tokens = torch.from_numpy(np.array(atlas.tokens[example, : atlas.lengths[example]])).long()
            for back in range(3):
                importance = neuron.window_importances[row][0, -1 - back]
                if key - back < 1 or np.isnan(importance):
                    continue
                embedded = embed[tokens][None].clone()
                embedded[0, key - back] = embed.mean(0)
                h = plain(place / "model", HOOK, tokens[None], embedded)[0].numpy()
                masked = latents_of(place / "sae", h, k=6)[key, number]
                np.testing.assert_allclose(importance, 1 - masked / neuron.activation[row], atol=2e-2)
                compared += 1
    assert compared > 10


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["collect", "features", "importance", "logits"])
def test_killed_build_resumes_to_the_same_bytes(place, stage):
    out = f"killed-{stage}"
    assert run_command(command(place, out), kill_in=(stage, 1)) == -9
    assert run_command(command(place, out)) == 0
    assert files(place / out) == files(place / "atlas")


@pytest.mark.slow
def test_changed_autoencoder_is_refused_on_resume(place, capsys):
    shutil.copytree(place / "sae", place / "changing")
    assert run_command(command(place, "changed", "changing"), kill_in=("features", 1)) == -9
    weights = load_file(place / "changing" / "sae_weights.safetensors")
    save_file({**weights, "b_enc": weights["b_enc"] + 0.1}, place / "changing" / "sae_weights.safetensors")
    assert main(command(place, "changed", "changing")) == 2
    assert "started with different settings (autoencoder was" in capsys.readouterr().err
    without = command(place, "changed")
    del without[3:5]
    assert main(without) == 2
    assert "autoencoder was" in capsys.readouterr().err
    assert run_path(place / "changed").is_dir()


@pytest.mark.slow
def test_build_on_ray_gives_the_same_bytes(place):
    """Workers open the autoencoder themselves."""
    if importlib.util.find_spec("ray") is None:
        assert not os.environ.get("NE_REQUIRE_RAY"), "ray is not installed"
        pytest.skip("ray is not installed: pip install -r requirements-ray.txt -c constraints.txt")
    assert run_command(command(place, "ray", "sae", "--engine", "ray"), log=place / "ray.log") == 0, (
        place / "ray.log"
    ).read_text()
    assert files(place / "ray") == files(place / "atlas")


# name of the error: options, expected words of the message
BAD = {
    "layers, too": (["--layers", "1"], "leave --layers out"),
    "no such folder": (["--sae", "nowhere"], "nowhere: no such folder"),
    "a file": (["--sae", __file__], "no such folder"),
    "maxima of other neurons": (["--maxima", "{place}/short.csv"], "short.csv"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gives_exit_code_2_and_one_line(place, name, capsys):
    options, words = BAD[name]
    (place / "short.csv").write_text("layer,neuron,maximum\n1,0,1\n")
    assert main(command(place, "bad", "sae", *(option.format(place=place) for option in options))) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("[")]
    assert len(lines) == 1
    assert words in lines[0]
    assert not (place / "bad").exists()
    assert not run_path(place / "bad").exists()


def test_atlas_is_named_after_its_autoencoder(place):
    """The preset's own atlas is not overwritten; its masks, which belong to the model, stay."""
    config = PRESETS["demo"].with_options({"sae": str(place / "sae")})
    assert (config.atlas_name, str(config.directory), config.mask) == ("sae", "data/sae", PRESETS["demo"].mask)
    with pytest.raises(ConfigError, match="leave --layers out"):
        config.with_options({"layers": (0,)})


def test_hook_is_covered_by_the_tests_of_hooks():
    assert HOOK in HOOKS
