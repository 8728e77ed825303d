"""Evaluation of names: correct where names separate, chance where they cannot, and blind to held-out examples."""

import json

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.method.naming import Names
from precompute.__main__ import main
from precompute.evaluate import evaluate
from precompute.evaluate.bootstrap import interval
from precompute.evaluate.held_out import FOLDS, Choices, Rows, assign_held_out, folds, layer_rows, match
from precompute.evaluate.names import namers, unique_among_siblings

YORK, NEW, DUKE, THE, TO, DOT = range(6)
WORDS = np.arange(6)
EVERY = ("chance", "largest", "labels", "keys", "names")


def rows_of(texts: list[list[int]], group: list[int], owner: list[int]) -> Rows:
    back = 6
    tokens = np.array([[-1] * (back - len(text)) + text for text in texts])
    return Rows(np.array(group), np.array(owner), tokens, np.full((len(texts), 1, back), np.nan))


def accuracy(rows: Rows) -> dict[str, float]:
    outcomes = assign_held_out(rows, WORDS, namers(WORDS))
    return {name: float(outcomes.by_neuron(name).mean()) for name in EVERY}


def test_separating_key_terms_are_always_right():
    accuracies = accuracy(rows_of([[YORK]] * 6 + [[TO]] * 4, [0] * 6 + [1] * 4, [0, 0]))
    assert accuracies == {"chance": 0.5, "largest": 0.6, "labels": 1, "keys": 1, "names": 1}


def test_context_terms_separate():
    accuracies = accuracy(rows_of([[THE, NEW, YORK]] * 5 + [[THE, DUKE, YORK]] * 5, [0] * 5 + [1] * 5, [0, 0]))
    assert (accuracies["labels"], accuracies["keys"], accuracies["names"]) == (0.5, 0.5, 1)


def test_equal_names_are_chance():
    accuracies = accuracy(rows_of([[THE, YORK]] * 12, [0] * 6 + [1] * 3 + [2] * 3, [0, 0, 0]))
    assert accuracies["names"] == accuracies["chance"] == pytest.approx(1 / 3)
    assert accuracies["largest"] == 0.5


def test_names_of_random_key_tokens_are_chance():
    rng = np.random.default_rng(0)
    n_neurons = 60
    group = np.repeat(np.arange(2 * n_neurons), 20)
    texts = [[token] for token in rng.integers(6, size=len(group)).tolist()]
    accuracies = accuracy(rows_of(texts, group.tolist(), np.repeat(np.arange(n_neurons), 2).tolist()))
    assert accuracies["names"] == pytest.approx(0.5, abs=0.04)


def test_names_do_not_use_held_out_examples():
    """Give each example a unique key token: a name made from it would always be right."""
    tokens = [[token] for token in range(20)]
    rows = rows_of(tokens, [0] * 10 + [1] * 10, [0, 0])
    outcomes = assign_held_out(rows, np.arange(20), namers(np.arange(20)))
    assert outcomes.by_neuron("names").tolist() == [0.5]


def test_accuracy_is_split_by_whether_the_key_token_recurs():
    """A name can repeat a key token that recurs in any spelling; of the two that do not, one is its feature's only."""
    spellings = np.array([0, 1, 2, 3, 4, 0])  # a full stop is a spelling of York here
    texts = [[YORK], [DOT], [YORK], [NEW], [TO], [TO], [TO], [THE]]
    rows = rows_of(texts, [0] * 4 + [1] * 4, [0, 0])
    outcomes = assign_held_out(rows, spellings, namers(spellings))
    assert (outcomes.recurs.sum(), len(outcomes.recurs)) == (6, 8)
    parts = outcomes.by_recurrence()
    assert parts[True]["names"].tolist() == [1]
    assert parts[False]["names"].tolist() == [0.5]


def test_single_example_features_compete_but_are_not_tested():
    outcomes = assign_held_out(
        rows_of([[YORK]] * 4 + [[YORK], [TO]], [0] * 4 + [1, 2], [0, 0, 0]), WORDS, namers(WORDS)
    )
    assert len(outcomes.owner) == 4
    assert {round(1 / chance) for chance in outcomes.right["chance"]} <= {
        2,
        3,
    }  # a single feature is held out itself once
    assert 3 in {round(1 / chance) for chance in outcomes.right["chance"]}
    assert 0.5 in outcomes.right["names"]  # the single “York” is as good a name as that of the four


def test_neurons_of_one_feature_are_not_tested():
    assert not len(assign_held_out(rows_of([[YORK]] * 5, [0] * 5, [0]), WORDS, namers(WORDS)).owner)


def test_folds_spread_every_group():
    group = np.repeat(np.arange(50), np.arange(2, 52))
    fold = folds(group, np.random.default_rng(3))
    assert set(fold) == set(range(FOLDS))
    for number in range(50):
        counts = np.bincount(fold[group == number], minlength=FOLDS)
        assert counts.max() - counts.min() <= 1


def test_match_scores_key_terms_and_context():
    names = Names(np.array([[YORK, TO, -1], [TO, -1, -1]]), np.array([[NEW, -1], [-1, -1]]))
    choices = Choices(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.array([True, False, True, False]))
    tokens = np.array([[-1, -1, -1, THE, NEW, TO], [NEW, THE, THE, THE, THE, YORK]])
    assert match(names, tokens, choices, WORDS).tolist() == pytest.approx([0.95 + 0.3, 1, 1 - 0.15, 0])


def test_ties_are_split_evenly():
    choices = Choices(np.array([0, 0, 0, 1]), np.arange(4), np.array([True, False, False, True]))
    assert choices.right(np.array([1, 1, 0.5, 0])).tolist() == [0.5, 1]


def test_unique_names_among_siblings():
    rows = rows_of([[YORK]] * 5, [0, 1, 2, 3, 4], [0, 0, 0, 1, 2])
    names = Names(
        np.array([[YORK, TO, -1], [TO, YORK, -1], [YORK, -1, -1], [YORK, -1, -1], [YORK, -1, -1]]),
        np.full((5, 2), -1),
    )
    assert unique_among_siblings(names, rows, WORDS).tolist() == [False, False, True]


def test_interval_of_a_mean():
    low, high = interval(np.repeat([0.0, 1.0], 200))
    assert low == pytest.approx(0.5 - 1.96 * 0.025, abs=0.01)
    assert high == pytest.approx(0.5 + 1.96 * 0.025, abs=0.01)
    assert interval(np.ones(5)) == (1, 1)


def test_layer_rows_of_the_planted_atlas(tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    rows = layer_rows(atlas, 2)
    assert rows.owner.tolist() == [0, 0, 2, 3, 3, 3, 4]
    assert rows.sizes().tolist() == [10, 2, 7, 4, 3, 2, 12]
    keys = [set(rows.tokens[rows.group == number, -1].tolist()) for number in range(7)]
    assert keys == [{1}, {13}, {9}, {21}, {19}, {7}, {10}]


def test_planted_features_are_separated(tiny_atlas):
    figures = {figure.name: figure.value for figure in dict(evaluate(tiny_atlas))["names"].figures}
    assert figures["names_accuracy_planted"] == figures["names_accuracy_of_key_terms_planted"] == 1
    assert figures["names_unique_planted"] == 1
    assert 0.2 < figures["names_accuracy_by_lot_planted"] < 0.5


def test_command_prints_a_table_and_writes_figures(tiny_atlas, tmp_path, capsys):
    assert main(["evaluate", str(tiny_atlas), "--only", "names", "--json", str(tmp_path / "figures.json")]) == 0
    printed = capsys.readouterr()
    assert "layer 2" in printed.out
    assert "names_accuracy" not in printed.out
    assert printed.err.startswith("[1/1] names: 2 layers in ")
    written = json.loads((tmp_path / "figures.json").read_text())
    assert written["names"]["names_accuracy_planted"] == {"value": 1, "unit": "share"}


@pytest.mark.slow
def test_command_writes_no_files_by_default(tiny_atlas, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = sorted(tiny_atlas.rglob("*"))
    assert main(["evaluate", str(tiny_atlas)]) == 0
    assert not list(tmp_path.iterdir())
    assert sorted(tiny_atlas.rglob("*")) == before


@pytest.mark.parametrize("arguments", [["{tmp}/nowhere"], ["{atlas}", "--only", "poetry"], []])
def test_bad_input_gives_one_line(arguments, tiny_atlas, tmp_path, capsys):
    arguments = [part.format(tmp=tmp_path, atlas=tiny_atlas) for part in arguments]
    try:
        code = main(["evaluate", *arguments])
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
