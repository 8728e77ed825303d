"""Neurons against random directions, on planted atlases: which are significant, which not, and the report."""

import numpy as np
import pytest

from ne_core.atlas import Atlas
from precompute.__main__ import main
from precompute.evaluate import Options, applicable_parts, evaluate
from precompute.evaluate.chance import Compared, evaluate_chance, rates_of, report
from tests.support.planted import make_atlas


def compared(layer: int, neurons: np.ndarray, random: np.ndarray) -> Compared:
    both = [{"features": each, "distance": each} for each in (neurons, random)]
    return Compared(layer, np.arange(len(neurons)), *both)


def test_directions_as_neurons_are_not_significant_and_tight_neurons_are(compared_atlas):
    rng = np.random.default_rng(0)
    same = compared(0, rng.normal(size=400), rng.normal(size=1000))
    tight = compared(1, np.append(np.full(40, -9.0), rng.normal(size=200)), rng.normal(size=1000))
    rates = rates_of([same, tight], "features")
    assert not (rates[0] <= 0.05).sum() > 4
    assert (rates[1][:40] <= 0.05).all()
    figures = {each.name: each.value for each in report(Atlas.open(compared_atlas), [same, tight], "x").figures}
    assert (
        figures["chance_features_auc_low_layer0_compared"] < 0.5 < figures["chance_features_auc_high_layer0_compared"]
    )
    assert figures["chance_features_p_layer0_compared"] == pytest.approx(0.05, abs=0.025)
    assert figures["chance_features_significant_layer1_compared"] >= 40


def test_planted_atlas_is_compared_over_its_stored_inputs(compared_atlas):
    """The planted atlas has no model. Directions are drawn and measured as in the build."""
    result = evaluate_chance(Atlas.open(compared_atlas), quick=True)
    assert "the inputs stored for any neuron, not all positions" in result.table
    figures = {each.name: each.value for each in result.figures}
    assert 0 <= figures["chance_distance_auc_low_layer0_compared"] <= figures["chance_distance_auc_layer0_compared"]
    assert result == evaluate_chance(Atlas.open(compared_atlas), quick=True)


def test_progress_counts_layers(compared_atlas):
    seen = []
    evaluate_chance(Atlas.open(compared_atlas), quick=True, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]


def test_part_applies_to_atlases_with_equal_numbers(compared_atlas, tiny_atlas):
    assert "chance" in applicable_parts(Atlas.open(compared_atlas), Options())
    assert "chance" not in applicable_parts(Atlas.open(tiny_atlas), Options())
    assert "holds no numbers at equal examples" in str(dict(evaluate(tiny_atlas, ("chance",)))["chance"])


def test_bad_input_gives_exit_code_2_and_one_line(compared_atlas, tmp_path, capsys):
    bare = make_atlas(tmp_path / "bare", inputs=False, equal_n=True)
    for root, options, words in (
        (bare, [], "holds no inputs of its examples"),
        (compared_atlas, ["--model", "no/such/model-here"], "is missing"),
    ):
        assert main(["evaluate", str(root), "--only", "chance", *options]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert words in line
