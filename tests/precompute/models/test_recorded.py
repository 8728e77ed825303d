"""Recorded activations: an atlas of them is that of their model; other folders are refused in one line."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from ne_core.atlas import Atlas
from ne_core.atlas.verify import verify
from ne_core.refs import NeuronRef
from precompute.__main__ import main
from precompute.corpus import vocabulary
from precompute.models.recorded import RecordedError, open_recorded, read_recording
from precompute.models.transformer import open_transformer
from precompute.recorded import doubts
from tests.support.tiny_models import tiny_checkpoint

SIZES = ["--examples", "40", "--window", "6,3", "--max-examples", "12", "--rarefy", "0", "--directions", "5"]
SIZES += ["--device", "cpu", "--work-unit", "8", "--importance-passes", "0", "--layers", "0,2"]
WORDS = "the same words come back a model reads text then it says more about cats and dogs as animals"


def record(model: Path, atlas: Atlas, out: Path) -> Path:
    """Write what a model computes on an atlas's texts."""
    source = open_transformer(str(model), layers=[0, 2])
    out.mkdir()
    tokens, lengths = (torch.from_numpy(np.array(each)).long() for each in (atlas.tokens, atlas.lengths))

    def visit(layer_pass):
        layer = layer_pass.layer
        np.save(out / f"{layer}.x.npy", source.inputs(layer, layer_pass.x).numpy())
        np.save(out / f"{layer}.activations.npy", layer_pass.activations.numpy())
        np.save(out / f"{layer}.W_in.npy", source.layer(layer).W_in)
        np.save(out / f"{layer}.b_in.npy", source.layer(layer).b_in)

    with torch.no_grad():
        source.read(tokens, lengths, visit)
    np.save(out / "tokens.npy", atlas.tokens)
    np.save(out / "lengths.npy", atlas.lengths)
    (out / "vocab.json").write_text(json.dumps(vocabulary(source.tokenizer)))
    facts = {"model": "mine", "layers": [0, 2], "corpus": "<b>texts", "special_ids": [source.tokenizer.eos_token_id]}
    (out / "activations.json").write_text(json.dumps(facts))
    return out


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("recorded")
    tiny_checkpoint("gpt2", place / "model")
    rng = np.random.default_rng(0)
    texts = (" ".join(rng.choice(WORDS.split(), size=rng.integers(5, 40))) for _ in range(60))
    (place / "corpus.txt").write_text("\n\n".join(texts))
    paths = ["--model", str(place / "model"), "--corpus", str(place / "corpus.txt"), "--out", str(place / "whole")]
    assert main(["build", *paths, "--context", "24", "--contributions", "no", *SIZES]) == 0
    record(place / "model", Atlas.open(place / "whole"), place / "recording")
    return place


def build(place: Path, name: str = "recording") -> int:
    return main(["build", "--activations", str(place / name), "--out", str(place / f"of_{name}"), *SIZES])


def test_atlas_of_recorded_activations_is_that_of_the_model(place, caplog):
    assert build(place) == 0
    whole, recorded = (Atlas.open(place / name) for name in ("whole", "of_recording"))
    assert list(verify(recorded.root)) == []
    for layer in (0, 2):
        for neuron in range(whole.n_neurons(layer)):
            one, other = (atlas.neuron(NeuronRef(layer, neuron)) for atlas in (whole, recorded))
            assert one.example.tolist() == other.example.tolist()
            assert one.pos.tolist() == other.pos.tolist()
            assert one.feature.tolist() == other.feature.tolist()
            np.testing.assert_allclose(one.tree, other.tree, atol=1e-3)
    assert recorded.vocab == whole.vocab
    assert np.array_equal(recorded.tokens, whole.tokens)
    manifest = recorded.manifest
    assert (manifest.name, manifest.model.name, manifest.corpus.name) == ("recording", "mine", "<b>texts")
    assert manifest.why_no_parts == "it was built from recorded activations, without the model"
    assert manifest.corpus.notes == ["the activations were recorded elsewhere and not computed by this build"]
    assert recorded.documents is None
    assert recorded.logit_effects(NeuronRef(0, 0)) is None


def test_weights_of_another_place_are_reported(place, caplog):
    other = shutil.copytree(place / "recording", place / "other")
    np.save(other / "0.W_in.npy", -np.load(other / "0.W_in.npy"))
    assert build(place, "other") == 0
    assert "layer 0: the correlation of its activations" in caplog.text
    assert "layer 2" not in caplog.text


def edit(folder: Path, name: str, value) -> None:
    if isinstance(value, np.ndarray):
        np.save(folder / name, value)
    elif value is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(value if isinstance(value, str) else json.dumps(value))


OTHERS = {  # by words of the error: file and its content
    "activations.json: no such file": ("activations.json", None),
    "activations.json: cannot be read": ("activations.json", "{"),
    "activations.json: dict expected, not list": ("activations.json", []),
    "model: a name is needed": ("activations.json", {"layers": [0]}),
    "layers: a list of different layer numbers": ("activations.json", {"model": "m", "layers": [0, 0]}),
    "units: neurons or latents": ("activations.json", {"model": "m", "layers": [0], "units": "cells"}),
    "fields are model, layers, corpus": ("activations.json", {"model": "m", "layers": [0], "colour": 1}),
    r"1\.x\.npy: no such file": ("activations.json", {"model": "m", "layers": [1]}),
    "vocab.json: a list of texts": ("vocab.json", [1, 2]),
    "vocab.json has 0 to 1": ("vocab.json", ["a", "b"]),
    "tokens.npy: 2 dimensions of whole numbers": ("tokens.npy", np.zeros((3, 4))),
    "lengths.npy: 40 numbers from 1 to 24": ("lengths.npy", np.zeros(40, np.int32)),
    r"0\.x\.npy: the shape": ("0.x.npy", np.zeros((40, 24, 3), np.float32)),
    r"0\.activations\.npy: not a \.npy": ("0.activations.npy", "text"),
    "3 biases, and 64 neurons": ("0.b_in.npy", np.zeros(3, np.float32)),
    r"2\.W_in\.npy: not a \.npy": ("2.W_in.npy", np.array([object()])),
}


@pytest.mark.parametrize("words", OTHERS)
def test_other_folders_are_refused_in_one_line(place, tmp_path, words):
    folder = shutil.copytree(place / "recording", tmp_path / "folder")
    edit(folder, *OTHERS[words])
    with pytest.raises(RecordedError, match=words) as error:
        read_recording(folder)
    assert "\n" not in str(error.value)


def test_layers_that_were_not_recorded(place):
    with pytest.raises(RecordedError, match="has no layer 1, it has 0, 2"):
        open_recorded(place / "recording", [0, 1])


def test_activations_are_not_read_together_with_an_autoencoder(place, capsys):
    assert main(["build", "--activations", str(place), "--sae", str(place), "--out", str(place / "no")]) == 2
    assert capsys.readouterr().err.strip() == "activations: these are read instead of a model: leave --sae out"


def test_lines_of_the_documentation_write_a_recording(place, tmp_path):
    page = Path("docs/inputs-texts.md").read_text(encoding="utf-8").split("## Activations")[1]
    code = page.split("```python\n")[1].split("```")[0]
    exec(code.replace('"gpt2")', f"{str(place / 'model')!r})").replace('"recorded"', repr(str(tmp_path / "out"))), {})
    recording = read_recording(tmp_path / "out")
    assert len(recording.tokens) == 2
    assert doubts(recording) == []
