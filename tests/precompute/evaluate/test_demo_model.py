"""The shipped model: small, a plain checkpoint folder, readable, better than a trigram model, fit for a build."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from ne_core.atlas import Atlas
from ne_core.atlas.verify import verify
from precompute.__main__ import main
from precompute.models.transformer import open_transformer

DEMO = Path("data/models/demo")


def test_model_is_small_and_holds_no_code():
    files = [path for path in DEMO.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 10_000_000
    assert {path.suffix for path in files} <= {".json", ".safetensors", ".txt"}


@pytest.fixture(scope="module")
def source():
    return open_transformer(str(DEMO))


def test_model_is_causal_with_four_layers_and_a_mask_token(source):
    assert source.causal
    assert source.layers == (0, 1, 2, 3)
    assert source.default_baseline() == "mask-token"


def test_embeddings_sum_to_the_pre_activation(source):
    """METHOD, section 1, on the shipped model with its trained gains and shifts."""
    tokens = torch.tensor([source.tokenizer("Returns a new array with the same shape.")["input_ids"]])
    layers = []
    source.read(tokens, torch.tensor([tokens.shape[1]]), layers.append)
    for layer in layers:
        weights, x = source.layer(layer.layer), source.inputs(layer.layer, layer.x)[0].numpy()
        for neuron in (0, 511, 1023):
            z = weights.embed(x, neuron).sum(axis=1) + weights.b_in[neuron]
            a = torch.nn.functional.gelu(torch.from_numpy(z), approximate="tanh").numpy()
            np.testing.assert_allclose(a, layer.activations[0, :, neuron], atol=2e-4)


@pytest.mark.slow
def test_demo_preset_builds_offline(tmp_path):
    out = tmp_path / "demo"
    options = ["--examples", "24", "--importance-passes", "60", "--out", str(out)]
    assert main(["build", "--preset", "demo", *options]) == 0
    assert list(verify(out)) == []
    atlas = Atlas.open(out)
    assert atlas.manifest.corpus.name == "offline"
    assert len(atlas.features["layer"]) > 1000


@pytest.mark.slow
def test_evaluation_of_a_small_atlas(tmp_path):
    """Run the whole evaluation on one layer of a small atlas of the shipped model."""
    out, docs, figures_file = tmp_path / "small", tmp_path / "docs", tmp_path / "figures.json"
    options = ["--examples", "120", "--keep", "0.5", "--layers", "2", "--importance-passes", "0", "--directions", "10"]
    assert main(["build", "--preset", "demo", *options, "--out", str(out)]) == 0
    command = ["evaluate", str(out), "--model", str(DEMO), "--quick", "--docs", str(docs), "--json", str(figures_file)]
    assert main(command) == 0
    figures = json.loads(figures_file.read_text())
    assert list(figures) == ["names", "spaces", "planted", "counts", "trust", "surgery"]
    page = (docs / "evaluation-small.md").read_text()
    assert all(f"## {part}" in page for part in figures)
    assert "neuron_raw" in page  # needs the model
    best = {
        name: figures["planted"][f"planted_tokens_best_{name}_small"]["value"] for name in ("standardised", "neuron")
    }
    assert best["standardised"] > 0.8
    pictures = re.findall(r"\]\((figures/evaluation-small-\w+\.svg)\)", page)
    assert pictures
    assert all((docs / name).exists() for name in pictures)


@pytest.mark.slow
def test_model_beats_the_trigram_model_by_a_fifth_of_a_nat():
    from precompute.demo_model.evaluate import evaluate_demo

    assert evaluate_demo(DEMO).advantage >= 0.2
