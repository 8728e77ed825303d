"""A model with outliers as real ones have them: the atlas is valid, and records which numbers are clipped."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import GPT2LMHeadModel

from ne_core.atlas import Atlas
from ne_core.atlas.verify import verify
from ne_core.export.static_page import static_page
from ne_core.half import LARGEST
from ne_core.refs import NeuronRef
from ne_core.sharing.atomic_write import WriteError
from precompute.__main__ import main
from precompute.run.run_folder import run_path
from precompute.steps.contributions import BEYOND_HALF
from tests.precompute.steps.test_write import files
from tests.support.models.outliers import LARGE, LAYER, OUTLYING, PLAIN, corpus, outlying_checkpoint

WINDOWS = f"layers/{LAYER:02d}/window_activations.npy"
KEYS = f"layers/{LAYER:02d}/activation.npy"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("outliers")
    outlying_checkpoint(place / "model")
    outlying_checkpoint(place / "large", large=True)
    corpus(place / "corpus.txt")
    assert main(command(place, "atlas")) == 0
    return place


def command(place: Path, out: str, model: str = "model", *options: str) -> list[str]:
    paths = {"--model": model, "--corpus": "corpus.txt", "--out": out}
    path_options = [part for name, value in paths.items() for part in (name, str(place / value))]
    sizes = ["--examples", "24", "--context", "24", "--layers", str(LAYER), "--window", "6,3", "--max-examples", "12"]
    sizes += ["--rarefy", "0", "--work-unit", "8", "--importance-passes", "200", "--mask", "mean-embedding"]
    return ["build", *path_options, *sizes, "--device", "cpu", *options]


def activations_by_transformers(place: Path, model: str, atlas: Atlas, row_of, neuron: int) -> np.ndarray:
    """Return the activation of a neuron at every position of an example, by plain transformers."""
    model_with_hook, activations = GPT2LMHeadModel.from_pretrained(place / model).eval(), {}
    model_with_hook.transformer.h[LAYER].mlp.act.register_forward_hook(
        lambda _, args, out: activations.update(a=out[0, :, neuron])
    )
    with torch.inference_mode():
        model_with_hook(input_ids=torch.from_numpy(np.array(atlas.tokens[row_of][None])).long())
    return activations["a"].numpy()


def test_outliers_around_key_tokens_are_clipped_and_counted(place, capsys):
    atlas = Atlas.open(place / "atlas")
    assert list(verify(atlas.root)) == []
    assert list(atlas.manifest.clipped) == [WINDOWS]
    compared = 0
    for number in (OUTLYING, PLAIN):
        neuron, window = atlas.neuron(NeuronRef(LAYER, number)), atlas.manifest.window
        for row in range(len(neuron)):
            expected = activations_by_transformers(place, "model", atlas, neuron.example[row], number)
            positions = neuron.pos[row] + 1 - window.back + np.arange(window.size)
            inside = (positions >= 0) & (positions < atlas.lengths[neuron.example[row]])
            expected = np.clip(expected[positions[inside]], -LARGEST, LARGEST)
            np.testing.assert_allclose(neuron.window_activations[row][inside], expected, rtol=2e-3, atol=2e-3)
            assert 0 < neuron.activation[row] < LARGEST / 2
            compared += int((expected == LARGEST).sum())
    assert compared == atlas.manifest.clipped[WINDOWS] > 0


def test_page_shows_clipped_values_as_limits(place):
    page = static_page(Atlas.open(place / "atlas"), NeuronRef(LAYER, OUTLYING))
    assert "activation ≥ 65,504" in page
    assert "65504" not in page


@pytest.mark.slow
def test_key_tokens_beyond_float16_do_not_stop_a_build(place):
    """Check that examples and maxima are selected by the activations before clipping."""
    assert main(command(place, "large-atlas", "large")) == 0
    atlas = Atlas.open(place / "large-atlas")
    assert list(verify(atlas.root)) == []
    neuron = atlas.neuron(NeuronRef(LAYER, LARGE))
    assert len(neuron) > 0
    assert (neuron.activation == LARGEST).all()
    assert atlas.manifest.clipped[KEYS] == len(neuron)
    maximum = float(atlas.neurons["maximum"][atlas.neuron_row(neuron.ref)])
    for example, pos in zip(neuron.example.tolist(), neuron.pos.tolist(), strict=True):
        activation = activations_by_transformers(place, "large", atlas, example, LARGE)[pos]
        assert 0.75 * maximum <= activation * 1.0001
    known = neuron.window_importances[np.isfinite(neuron.window_importances)]
    assert len(known)
    assert (known <= 1.01).all()  # shares of the unclipped activation


@pytest.mark.slow
def test_run_stopped_while_writing_continues_and_reports_clipping(place, monkeypatch, capsys, caplog):
    """Stop the build while it writes window activations, then run it again."""

    def refuses(*_):
        raise WriteError(f"{WINDOWS}: numbers are out of range for float16, or not finite")

    with monkeypatch.context() as patch:
        patch.setattr("precompute.write.arrays.cast", refuses)
        assert main(command(place, "stopped")) == 2
    assert run_path(place / "stopped").is_dir()
    assert main(command(place, "stopped")) == 0
    assert "were done before" in capsys.readouterr().err
    assert files(place / "stopped") == files(place / "atlas")
    n = Atlas.open(place / "stopped").manifest.clipped[WINDOWS]
    assert f"{n:,} numbers at or beyond ±65,504, the ends of half precision, are stored as that" in caplog.text
    assert f": {n:,} in {WINDOWS}" in caplog.text


def test_weights_beyond_float16_are_refused_before_collection(place, capsys):
    """Refuse folded weights; the same model with raw weights is accepted."""
    model = GPT2LMHeadModel.from_pretrained(place / "model")
    with torch.no_grad():
        block = model.transformer.h[LAYER]
        block.ln_2.weight[3] = 1e6
        block.mlp.c_fc.weight[3] *= 1e-6
        block.mlp.c_fc.weight[3, PLAIN] = 1
    model.save_pretrained(place / "folds")
    for file in ("tokenizer.json", "tokenizer_config.json"):
        (place / "folds" / file).write_bytes((place / "model" / file).read_bytes())
    assert main(command(place, "refused", "folds")) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("[")]
    assert f"layer {LAYER} has input weights beyond float16 (65,504): use --weights raw" in lines[-1]
    assert not run_path(place / "refused" / "collect").exists()
    assert main(command(place, "raw", "folds", "--weights", "raw")) == 0
    atlas = Atlas.open(place / "raw")
    assert atlas.manifest.clipped[f"inputs/{LAYER:02d}.npy"] > 0
    assert list(verify(atlas.root)) == []


def test_contributions_beyond_float16_are_left_out_with_a_reason(place, monkeypatch, caplog):
    monkeypatch.setattr(
        "precompute.steps.contributions.round_to_half", lambda parts: np.full(parts.shape, np.inf, np.float16)
    )
    assert main(command(place, "parts")) == 0
    assert Atlas.open(place / "parts").manifest.why_no_parts == BEYOND_HALF
    assert f"contributions are left out: {BEYOND_HALF}" in caplog.text
