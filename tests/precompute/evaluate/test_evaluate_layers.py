"""Matches between layers: planted rotations give the truth, other spaces and unrelated layers chance."""

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.refs import NeuronRef
from precompute.__main__ import main
from precompute.evaluate import Options, applicable_parts, evaluate
from precompute.evaluate.layers.features import SPACES, layer_features
from precompute.evaluate.layers.nearest import in_common
from tests.support.planted_rotations import MEANINGS


@pytest.fixture(scope="module")
def report(rotated_atlas):
    return dict(evaluate(rotated_atlas, ["layers"]))["layers"]


@pytest.fixture(scope="module")
def figures(report) -> dict[str, float]:
    return {figure.name: figure.value for figure in report.figures}


def test_aligned_layers_match_and_others_do_not(figures):
    """All pairs but those with the unrelated layer: 6 of 12."""
    for pair in ("0_1", "1_0", "0_2", "2_0", "1_2", "2_1"):
        assert figures[f"layers_token_aligned_{pair}_rotated"] == 1
        assert figures[f"layers_token_standardised_{pair}_rotated"] < 0.3
    assert figures["layers_compared_aligned_rotated"] == 0.5
    assert [figures[f"layers_compared_{space}_rotated"] for space in SPACES[:3]] == [0, 0, 0]


def test_unrelated_layer_is_at_chance(figures):
    chance = figures["layers_token_aligned_chance_rotated"]
    assert chance == pytest.approx(1 / 24, abs=0.02)  # 24 tokens
    shares = [figures[f"layers_token_aligned_{pair}_rotated"] for pair in ("0_3", "3_0", "1_3", "3_2")]
    assert np.mean(shares) < 0.3


def test_intervals_contain_the_shares(figures):
    for space in SPACES:
        for name in ("token", "position", "text"):
            low, high = (figures[f"layers_{name}_{space}_{end}_rotated"] for end in ("low", "high"))
            assert low <= figures[f"layers_{name}_{space}_rotated"] <= high


def test_members_are_those_of_the_atlas(tiny_atlas):
    """Positions and texts of every feature, counted from the neurons."""
    atlas = Atlas.open(tiny_atlas)
    layer = layer_features(atlas, 2)
    for id in np.flatnonzero(atlas.features["layer"] == 2).tolist():
        ref, row = atlas.feature_ref(id), id - int((atlas.features["layer"] < 2).sum())
        neuron = atlas.neuron(NeuronRef(2, ref.neuron))
        members = neuron.feature == ref.feature
        pairs = set(zip(neuron.example[members].tolist(), neuron.pos[members].tolist(), strict=True))
        assert {(position >> 16, position & 0xFFFF) for position in layer.positions[row]} == pairs
        assert layer.texts[row] == {example for example, _ in pairs}
        central = atlas.features["central"][id]
        assert layer.token[row] == atlas.tokens[neuron.example[central], neuron.pos[central]]
        np.testing.assert_array_equal(layer.x[row], atlas.neuron_inputs(NeuronRef(2, ref.neuron))[central])


def test_common_members_are_compared_pairwise(rotated_atlas):
    atlas = Atlas.open(rotated_atlas)
    one, other = (layer_features(atlas, layer) for layer in (0, 1))
    rows = np.arange(MEANINGS)
    assert all(values.all() for values in in_common(one, other, rows, rows).values())
    shifted = in_common(one, other, rows, (rows + 1) % MEANINGS)
    assert not shifted["token"].any()
    assert not shifted["position"].any()


def test_part_needs_two_layers_and_inputs(rotated_atlas, ideas_atlas, image_atlas, capsys):
    assert "layers" in applicable_parts(Atlas.open(rotated_atlas), Options())
    for atlas in (ideas_atlas, image_atlas):
        assert "layers" not in applicable_parts(Atlas.open(atlas), Options())
    assert main(["evaluate", str(ideas_atlas), "--only", "layers"]) == 2
    assert "has no two layers of one width" in capsys.readouterr().err


def test_table_has_a_row_for_every_pair(report):
    rows = [line.split() for line in report.table.splitlines()]
    for space in SPACES:
        assert len([row for row in rows if row[:1] == [space]]) == 1 + 4 * 3
