"""Polysemanticity at equal numbers of examples: on embeddings solved by hand, and as a part of the evaluation."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.method.measures import effective_inputs, measures
from ne_core.refs import NeuronRef
from precompute.__main__ import main
from precompute.evaluate import dictionaries, evaluate
from precompute.evaluate.equal_n import Unit, layer_units, unit_at_equal_n
from tests.support.planted import LAYERS, make_atlas

EYE = np.eye(4, dtype=np.float32)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def measured_unit(e: np.ndarray, n: int, cut: float, rng: np.random.Generator) -> Unit:
    return unit_at_equal_n(e, effective_inputs(e), n, cut, rng)


def test_unit_that_reads_one_input_has_distance_0():
    """The distance is 0 by construction, whatever the unit means."""
    unit = measured_unit(np.outer(np.arange(1, 31, dtype=np.float32), EYE[2]), 20, 0.0, rng())
    assert (unit.features, unit.mean_distance, unit.max_distance, unit.inputs) == (1, 0, 0, 1)


def test_two_directions_of_equal_size():
    """30 examples, 15 each way: any 20 of them have both, and 15·15 of 30·29/2 pairs are at distance 1."""
    unit = measured_unit(np.repeat(EYE[:2], 15, axis=0), 20, 0.5, rng())
    assert (unit.features, unit.max_distance) == (2, 1)
    assert unit.mean_distance == pytest.approx(225 / 435)
    assert unit.inputs == pytest.approx(2)


def test_rare_direction_appears_in_half_of_the_sets():
    """One of 40 examples differs: a set of 20 holds it half the time. All 40 would always have two features."""
    e = np.concatenate([np.repeat(EYE[:1], 39, axis=0), EYE[1:2]])
    features = [measured_unit(e, 20, 0.5, np.random.default_rng(seed)).features for seed in range(40)]
    assert np.mean(features) == pytest.approx(1.5, abs=0.04)
    assert measured_unit(e, 40, 0.5, rng()).features == 2


def test_cut_separates_features():
    e = np.repeat(np.array([[1, 0], [1, 1]], dtype=np.float32), 10, axis=0)  # at a distance of 1 − √½
    assert [measured_unit(e, 20, cut, rng()).features for cut in (0.29, 0.30)] == [2, 1]


def test_set_of_all_examples_matches_the_stored_tree(tiny_atlas):
    """For a unit with exactly n examples, the only set is all of them."""
    atlas, compared = Atlas.open(tiny_atlas), 0
    for layer in atlas.layers:
        for number in range(atlas.n_neurons(layer)):
            neuron = atlas.neuron(NeuronRef(layer, number))
            if len(neuron) < 2:
                continue
            x = atlas.neuron_inputs(neuron.ref).astype(np.float32)
            unit = measured_unit(atlas.weights(layer).embed(x, number), len(neuron), 0.5, rng())
            expected = measures(neuron.tree, 0.5)
            assert unit.features == expected.n_features
            np.testing.assert_allclose(unit.mean_distance, expected.mean_distance, atol=1e-3)
            compared += 1
    assert compared > 6


def test_units_with_too_few_examples_are_counted_but_not_measured(tiny_atlas):
    units = layer_units(Atlas.open(tiny_atlas), 0, 10, 0.5, "neuron")  # of 17, 9, 18, 1, 0 and 10 examples
    assert (units.n_all, len(units)) == (5, 3)
    none = layer_units(Atlas.open(tiny_atlas), 0, 99, 0.5, "neuron")
    assert (none.n_all, len(none)) == (5, 0)


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(dictionaries, "EXAMPLES", 10)


def test_atlas_against_a_copy_gives_equal_figures(tiny_atlas, tmp_path, few):
    other = Path(shutil.copytree(tiny_atlas, tmp_path / "other"))
    figures = {
        each.name: each.value for each in dict(evaluate(tiny_atlas, ("dictionaries",), [other]))["dictionaries"].figures
    }
    ours = {name.removesuffix("_planted"): value for name, value in figures.items() if name.endswith("_planted")}
    theirs = {name.removesuffix("_other"): value for name, value in figures.items() if name.endswith("_other")}
    assert ours == theirs
    assert len(figures) == 2 * len(ours) == 2 * 2 * 11
    # L0: 14 + 3, 6 + 5 + 4 + 3 and 5 + 5 examples of directions at right angles
    assert figures["dictionaries_units_with_examples_layer0_planted"] == 3
    assert 2 < figures["dictionaries_features_layer0_planted"] < 3
    assert figures["dictionaries_features_low_layer0_planted"] < figures["dictionaries_features_high_layer0_planted"]


def test_table_shows_single_inputs_and_differences(tiny_atlas, tmp_path, few, monkeypatch):
    other = Path(shutil.copytree(tiny_atlas, tmp_path / "other"))
    raw = json.loads((other / "manifest.json").read_text())
    raw |= {"keep": 0.25, "corpus": {**raw["corpus"], "sha256": "other"}, "units": "latents"}
    raw["contributions"] = "latents are not split"
    (other / "manifest.json").write_text(json.dumps(raw))
    table = dict(evaluate(tiny_atlas, ("dictionaries",), [other]))["dictionaries"].table
    assert "not on one scale" in table
    assert "share of the maximum that examples reach: 0.75 in planted, 0.25 in other" in table
    assert "planted and other were built from different texts" in table
    assert table.splitlines()[-1].split() == [
        "single",
        "inputs",
        "by",
        "construction",
        "1.000",
        "0.000",
        "0.000",
        "1.0",
    ]
    assert [line.split()[3] for line in table.splitlines() if line.startswith("other, layer")] == ["latents"] * 2


def test_no_unit_with_enough_examples(tiny_atlas):
    """20 examples are needed; 18 are the most."""
    report = dict(evaluate(tiny_atlas, ("dictionaries",), [tiny_atlas]))["dictionaries"]
    assert all(np.isnan(each.value) or each.value == 0 for each in report.figures)


def test_atlas_of_one_layer_is_compared_in_that_layer(tiny_atlas, tmp_path, few):
    """An autoencoder's layer may have another number than the layer it reads."""
    one = make_atlas(tmp_path / "one", planted={7: LAYERS[0]})
    table = dict(evaluate(tiny_atlas, ("dictionaries",), [one]))["dictionaries"].table
    rows = [line.split(",")[0] for line in table.splitlines() if ", layer " in line]
    assert rows == ["planted", "planted", "one"]


def test_command_prints_and_writes(tiny_atlas, tmp_path, capsys):
    assert (
        main(["evaluate", str(tiny_atlas), "--against", str(tiny_atlas), "--json", str(tmp_path / "figures.json")]) == 0
    )
    assert "Polysemanticity at equal numbers of examples" in capsys.readouterr().out
    assert list(json.loads((tmp_path / "figures.json").read_text())) == ["dictionaries"]


def test_bad_input_gives_exit_code_2_and_one_line(tiny_atlas, tmp_path, capsys):
    bare = make_atlas(tmp_path / "bare", inputs=False)
    other = make_atlas(tmp_path / "other", planted={2: LAYERS[2], 3: LAYERS[0]})
    for options, words in (
        (["--only", "dictionaries"], "nothing to compare with"),
        (["--against", str(tmp_path / "nowhere")], "nowhere is not a finished atlas"),
        (["--against", str(bare)], "bare holds no inputs of its examples"),
        (["--against", str(other)], "other has no layer 0 to compare with: it has 2, 3"),
    ):
        assert main(["evaluate", str(tiny_atlas), *options]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert words in line
