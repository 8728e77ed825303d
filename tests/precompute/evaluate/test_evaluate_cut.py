"""Stability and calibration of suggested cuts, on planted clusters and on the planted atlas."""

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.method.trees.cluster import similarities, tree
from precompute.evaluate.cut.evaluate import best_fixed, evaluate_cut, judged
from precompute.evaluate.cut.stability import NAMES, is_twofold, neuron_stability
from precompute.evaluate.planted.cuts import RULES, SUGGESTED, Case
from precompute.evaluate.planted.outcomes import Outcome

APART = 0.3
RULE_SET = {
    SUGGESTED: RULES[SUGGESTED],
    "none": lambda _: float("nan"),
    "by number": lambda case: APART if len(case.cosines) % 2 else 2.0,  # another partition for every draw
}


def planted_case(n_sources: int, each: int) -> Case:
    """Clusters in different directions, so far apart that no draw changes them."""
    rng = np.random.default_rng(0)
    vectors = np.eye(8)[np.repeat(np.arange(n_sources), each)] + 0.05 * rng.standard_normal((n_sources * each, 8))
    cosines = similarities(vectors)
    return Case(vectors, cosines, tree(cosines), np.ones((len(vectors), 4)))


def measured(case: Case, rule: str) -> dict[str, float]:
    result = neuron_stability(case, RULE_SET, np.random.default_rng(0))[rule]
    return dict(zip(NAMES, result, strict=True))


def test_planted_clusters_are_stable():
    assert measured(planted_case(3, 10), SUGGESTED) == {
        "answered": 1, "count": 3, "rand": 1, "twofold": 0, "ever": 0, "lost": 0,
    }  # fmt: skip


def test_rule_that_changes_its_mind_is_not():
    """30 examples make one feature, 27 make three."""
    result = measured(planted_case(3, 10), "by number")
    assert (result["count"], result["rand"], result["twofold"], result["ever"]) == (1, 0, 1, 1)


def test_no_suggestion_has_no_measures():
    result = measured(planted_case(3, 10), "none")
    assert result["answered"] == 0
    assert np.isnan([value for name, value in result.items() if name != "answered"]).all()


def test_twofold():
    twofold = {(1, 2): True, (6, 3): True, (3, 5): False, (1, 1): False}
    assert {pair: is_twofold(*pair) for pair in twofold} == twofold


def test_calibration_by_hand():
    """Three sources: a low cut finds them, a high one leaves one feature; a planting without a cut does not count."""
    heights, rand = np.array([0.2, 0.3, 0.7, 0.8]), np.array([0.1, 0.2, 1.0, 0.5, 0.0])
    three, one = Outcome(0, 3, 1.0, heights, rand, {}), Outcome(0, 1, 1.0, heights, rand, {})
    answered, within, values = judged([three, three, one, three], [0.5, 0.9, 0.9, np.nan])
    assert answered.tolist() == [1, 1, 1, 0]
    assert within.tolist() == [1, 0, 1]
    assert values.tolist() == [1, 0]
    assert 0.3 <= best_fixed({"tokens": [three], "neurons": [], "contexts": [three]}) < 0.7


def test_report_has_every_rule_and_figures(tiny_atlas):
    seen = []
    result = evaluate_cut(Atlas.open(tiny_atlas), quick=True, on_progress=lambda done, total: seen.append(done / total))
    assert seen[-1] == 1
    assert "best fixed" in result.table
    names = {each.name for each in result.figures}
    assert {"cut_rand_median_planted", "cut_twofold_low_planted", "cut_tokens_within_one_planted"} <= names


@pytest.mark.parametrize("part", ["cut"])
def test_part_needs_inputs(part, two_trees_atlas):
    from precompute.evaluate import evaluate

    assert "holds no inputs" in str(dict(evaluate(two_trees_atlas, (part,)))[part])
