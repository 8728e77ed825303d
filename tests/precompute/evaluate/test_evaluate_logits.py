"""Evaluation of direct effects on logits: planted models in which all or half of the raised tokens lose by it."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from ne_core.atlas import Atlas
from ne_core.refs import NeuronRef
from precompute.__main__ import main
from precompute.evaluate import Options, applicable_parts
from precompute.evaluate.logits import agreement, mean_loss


@dataclass
class LinearModel:
    """Logits that are the activations of a layer times its effects; the activations are drawn once."""

    effects: dict[int, torch.Tensor]  # [n_neurons, n_logits] by layer

    def activations(self, layer: int, tokens: torch.Tensor) -> torch.Tensor:
        seeded = torch.Generator().manual_seed(layer)
        return torch.rand(*tokens.shape, len(self.effects[layer]), generator=seeded) + 0.5

    def run_to_logits(self, tokens, lengths, replaced=None):
        total = torch.zeros(*tokens.shape, self.effects[0].shape[1])
        for layer, effects in self.effects.items():
            activations = self.activations(layer, tokens)
            total += ((replaced or {}).get(layer, lambda same: same)(activations)) @ effects
        return total


def effects_of(atlas: Atlas, layer: int, share: float) -> torch.Tensor:
    """Return effects that raise this share of the stored raised tokens, and as many others instead of the rest."""
    n_neurons = int((atlas.neurons["layer"] == layer).sum())
    effects = torch.zeros(n_neurons, len(atlas.vocab))
    for neuron in range(n_neurons):
        raised = [token for token, _ in stored(atlas, NeuronRef(layer, neuron))]
        others = [token for token in range(len(atlas.vocab)) if token not in raised]
        n_right = round(share * len(raised))
        effects[neuron, raised[:n_right] + others[: len(raised) - n_right]] = 1
    return effects


def stored(atlas: Atlas, ref: NeuronRef) -> list[tuple[int, float]]:
    effects = atlas.logit_effects(ref)
    return effects.raised if effects else []


@pytest.fixture
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


@pytest.fixture
def model(atlas) -> LinearModel:
    return LinearModel({0: effects_of(atlas, 0, 1.0), 2: effects_of(atlas, 2, 0.5)})


def test_loss_is_the_activation_times_the_effects(atlas, model):
    ref, rows = NeuronRef(2, 0), np.array([1, 4])
    examples = atlas.neuron(ref)
    tokens = torch.from_numpy(np.array(atlas.tokens[np.asarray(examples.example)[rows]]))
    at_key = model.activations(2, tokens)[torch.arange(2), np.asarray(examples.pos)[rows].astype(np.int64), 0]
    expected = at_key.mean() * model.effects[2][0]
    np.testing.assert_allclose(mean_loss(atlas, model.run_to_logits, ref, rows), expected, atol=1e-5)


def test_agreement_is_the_planted_share(atlas, model):
    for layer, share in ((0, 1.0), (2, 0.5)):
        raised = stored(atlas, NeuronRef(layer, 0))
        assert len(raised) > 1
        assert agreement(atlas, model.run_to_logits, NeuronRef(layer, 0), 3) == round(share * len(raised)) / len(raised)


def test_command_reports_each_layer(tiny_atlas, model, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("precompute.evaluate.logits.open_model_of", lambda *_: SimpleNamespace(source=model))
    out = tmp_path / "figures.json"
    assert main(["evaluate", str(tiny_atlas), "--only", "logits", "--quick", "--json", str(out)]) == 0
    figures = json.loads(out.read_text())["logits"]
    assert figures["logits_raised_layer_0_planted"]["value"] == 1
    assert 0.3 < figures["logits_raised_layer_2_planted"]["value"] < 0.7
    assert "1.000 [1.000, 1.000]" in capsys.readouterr().out


def test_atlas_without_effects_is_refused(tiny_atlas, tmp_path, capsys):
    bare = without_effects(tiny_atlas, tmp_path / "bare")
    assert "logits" not in applicable_parts(Atlas.open(bare), Options(model="any"))
    assert main(["evaluate", str(bare), "--only", "logits"]) == 2
    assert "no effects on logits" in capsys.readouterr().err


def without_effects(atlas: Path, out: Path) -> Path:
    shutil.copytree(atlas, out)
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["files"] = {name: facts for name, facts in manifest["files"].items() if "logit_" not in name}
    (out / "manifest.json").write_text(json.dumps(manifest | {"logit_effects": False}))
    return out
