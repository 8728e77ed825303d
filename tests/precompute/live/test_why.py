"""Explanations of a neuron: parts that sum to the pre-activation, and importance against plain transformers."""

import numpy as np
import pytest
import torch
from transformers import AutoModel

from ne_core.live.requests import LiveError, WhatMatters, WhyHere
from precompute.live.running import at_layer
from precompute.live.why import what_matters, why_here
from precompute.models.transformer import masking_modes
from tests.precompute.run.test_build import activations

TEXT = "the same words come back"


@pytest.mark.fast("2-")
@pytest.mark.parametrize("kind", ["folded", "raw"])
@pytest.mark.parametrize("layer", [0, 2])
def test_parts_sum_to_the_pre_activation(reader, kind, layer):
    reader = reader(kind)
    x, _ = at_layer(reader, reader.text(TEXT), layer, [])
    weights = reader.source.layer(layer)
    for pos, neuron in ((1, 0), (3, 17)):
        why = why_here(reader, WhyHere(TEXT, pos, layer, neuron))
        z = x[pos] @ weights.W_in[:, neuron] + weights.b_in[neuron]
        assert why.values.sum() == pytest.approx(z, abs=1e-4)
        assert why.pre_activation == pytest.approx(z, abs=1e-4)
        assert len(why.values) == len(why.parts.part_list(layer))
        assert (why.read_back <= pos).all()


@pytest.mark.parametrize("kind", ["encoder", "latents"])
def test_what_cannot_be_split_is_refused_in_one_line(reader, kind):
    reader = reader(kind)
    with pytest.raises(LiveError, match=r"split|sum"):
        why_here(reader, WhyHere(TEXT, 1, reader.atlas.layers[0], 0))


@pytest.mark.parametrize("kind", ["folded", "encoder"])
def test_importance_is_what_a_replaced_embedding_takes_away(reader, place, kind):
    reader, layer = reader(kind), 2
    text = reader.text(TEXT)
    _, result = at_layer(reader, text, layer, [])
    pos = 4
    neuron = int(result[pos].argmax())
    matters = what_matters(reader, WhatMatters(TEXT, pos, layer, neuron))
    assert matters.activation == pytest.approx(result[pos, neuron], rel=1e-5)
    family = "gpt2" if kind == "folded" else "bert"
    model = AutoModel.from_pretrained(place / "models" / family, dtype=torch.float32).eval()
    table = model.get_input_embeddings().weight.detach()
    embedded = table[torch.from_numpy(text.tokens.astype(np.int64))][None]
    for name, row in zip(matters.baselines, matters.importance, strict=True):
        baseline = reader.source.baselines([name])[name]
        for masked in np.flatnonzero(np.isfinite(row)):
            changed = embedded.clone()
            changed[0, masked] = baseline
            remaining = activations(model, layer, changed)[pos, neuron]
            assert row[masked] == pytest.approx(1 - remaining / matters.activation, abs=1e-3)
    expected = ~text.special & ((np.arange(len(text)) <= pos) | (kind == "encoder"))
    np.testing.assert_array_equal(np.isfinite(matters.importance[0]), expected)


def test_how_masked_prompts_are_run_is_tried_once_for_texts_of_all_lengths(reader, monkeypatch):
    reader, trials = reader("folded"), []
    monkeypatch.setattr(reader.source, "_masking_modes", {})
    choose = masking_modes.choose_mode
    monkeypatch.setattr(masking_modes, "choose_mode", lambda *trial: trials.append(trial) or choose(*trial))
    for text in (TEXT, f"{TEXT} and a model reads text, then it says more", TEXT[:8]):
        _, result = at_layer(reader, reader.text(text), 0, [])
        what_matters(reader, WhatMatters(text, 1, 0, int(result[1].argmax())))
    assert len(trials) == 1


def test_a_neuron_that_is_silent_has_no_importance_and_says_so(reader):
    reader = reader("folded")
    _, result = at_layer(reader, reader.text(TEXT), 0, [])
    matters = what_matters(reader, WhatMatters(TEXT, 3, 0, int(result[3].argmin())))
    assert np.isnan(matters.importance).all()
    assert matters.notes


@pytest.mark.parametrize("kind", ["lacking", "latents"])
def test_any_atlas_has_importance(reader, kind):
    reader = reader(kind)
    (layer,) = reader.atlas.layers
    _, result = at_layer(reader, reader.text(TEXT), layer, [])
    matters = what_matters(reader, WhatMatters(TEXT, 3, layer, int(result[3].argmax())))
    assert np.isfinite(matters.importance[:, 1:4]).all()


@pytest.mark.parametrize(
    ("pos", "layer", "neuron", "name"), [(99, 0, 0, "pos"), (-1, 0, 0, "pos"), (1, 1, 0, "layer"), (1, 0, -1, "neuron")]
)
@pytest.mark.parametrize("function", [(why_here, WhyHere), (what_matters, WhatMatters)])
def test_what_is_not_there_is_refused(reader, function, pos, layer, neuron, name):
    answer, request = function
    with pytest.raises(LiveError, match=f"{name}={[pos, layer, neuron][['pos', 'layer', 'neuron'].index(name)]}"):
        answer(reader("folded"), request(TEXT, pos, layer, neuron))
