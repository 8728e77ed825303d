"""How names are measured: right where they separate, chance where they cannot, and nothing is seen that is held out."""

import json

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.method.naming import Names
from precompute.__main__ import main
from precompute.evaluate import evaluate
from precompute.evaluate.held_out import FOLDS, Choices, Rows, folds, held_out, layer_rows, match
from precompute.evaluate.names import namers, unique_among_siblings
from precompute.evaluate.resampled import interval

YORK, NEW, DUKE, THE, TO, DOT = range(6)
WORDS = np.arange(6)
EVERY = ("chance", "largest", "labels", "keys", "names")


def rows_of(texts: list[list[int]], group: list[int], owner: list[int]) -> Rows:
    back = 6
    tokens = np.array([[-1] * (back - len(text)) + text for text in texts])
    return Rows(np.array(group), np.array(owner), tokens, np.full((len(texts), 1, back), np.nan))


def accuracy(rows: Rows) -> dict[str, float]:
    found = held_out(rows, WORDS, namers(WORDS))
    return {name: float(found.by_neuron(name).mean()) for name in EVERY}


def test_key_terms_that_separate_are_right_every_time():
    found = accuracy(rows_of([[YORK]] * 6 + [[TO]] * 4, [0] * 6 + [1] * 4, [0, 0]))
    assert found == {"chance": 0.5, "largest": 0.6, "labels": 1, "keys": 1, "names": 1}


def test_only_the_context_separates():
    found = accuracy(rows_of([[THE, NEW, YORK]] * 5 + [[THE, DUKE, YORK]] * 5, [0] * 5 + [1] * 5, [0, 0]))
    assert (found["labels"], found["keys"], found["names"]) == (0.5, 0.5, 1)


def test_names_that_cannot_separate_are_chance():
    found = accuracy(rows_of([[THE, YORK]] * 12, [0] * 6 + [1] * 3 + [2] * 3, [0, 0, 0]))
    assert found["names"] == found["chance"] == pytest.approx(1 / 3)
    assert found["largest"] == 0.5


def test_names_on_random_key_tokens_are_no_better_than_chance():
    rng = np.random.default_rng(0)
    n_neurons = 60
    group = np.repeat(np.arange(2 * n_neurons), 20)
    texts = [[token] for token in rng.integers(6, size=len(group)).tolist()]
    found = accuracy(rows_of(texts, group.tolist(), np.repeat(np.arange(n_neurons), 2).tolist()))
    assert found["names"] == pytest.approx(0.5, abs=0.04)


def test_no_name_is_made_from_what_is_held_out():
    """Every example has a key token of its own: a name that had seen it would always be right."""
    tokens = [[token] for token in range(20)]
    rows = rows_of(tokens, [0] * 10 + [1] * 10, [0, 0])
    found = held_out(rows, np.arange(20), namers(np.arange(20)))
    assert found.by_neuron("names").tolist() == [0.5]


def test_examples_of_single_features_are_not_tested_but_their_names_compete():
    found = held_out(rows_of([[YORK]] * 4 + [[YORK], [TO]], [0] * 4 + [1, 2], [0, 0, 0]), WORDS, namers(WORDS))
    assert len(found.owner) == 4
    assert {round(1 / chance) for chance in found.right["chance"]} <= {2, 3}  # a single feature is held out itself once
    assert 3 in {round(1 / chance) for chance in found.right["chance"]}
    assert 0.5 in found.right["names"]  # the single “York” is as good a name as that of the four


def test_neurons_of_one_feature_are_not_tested():
    assert not len(held_out(rows_of([[YORK]] * 5, [0] * 5, [0]), WORDS, namers(WORDS)).owner)


def test_every_example_is_held_out_once_and_its_group_never_whole():
    group = np.repeat(np.arange(50), np.arange(2, 52))
    fold = folds(group, np.random.default_rng(3))
    assert set(fold) == set(range(FOLDS))
    for number in range(50):
        counts = np.bincount(fold[group == number], minlength=FOLDS)
        assert counts.max() - counts.min() <= 1


def test_a_match_counts_key_terms_first_and_then_the_context():
    names = Names(np.array([[YORK, TO, -1], [TO, -1, -1]]), np.array([[NEW, -1], [-1, -1]]))
    choices = Choices(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.array([True, False, True, False]))
    tokens = np.array([[-1, -1, -1, THE, NEW, TO], [NEW, THE, THE, THE, THE, YORK]])
    assert match(names, tokens, choices, WORDS).tolist() == pytest.approx([0.95 + 0.3, 1, 1 - 0.15, 0])


def test_ties_go_by_lot():
    choices = Choices(np.array([0, 0, 0, 1]), np.arange(4), np.array([True, False, False, True]))
    assert choices.right(np.array([1, 1, 0.5, 0])).tolist() == [0.5, 1]


def test_unique_names_among_siblings():
    rows = rows_of([[YORK]] * 5, [0, 1, 2, 3, 4], [0, 0, 0, 1, 2])
    names = Names(
        np.array([[YORK, TO, -1], [TO, YORK, -1], [YORK, -1, -1], [YORK, -1, -1], [YORK, -1, -1]]),
        np.full((5, 2), -1),
    )
    assert unique_among_siblings(names, rows, WORDS).tolist() == [False, False, True]


def test_the_interval_of_a_mean():
    low, high = interval(np.repeat([0.0, 1.0], 200))
    assert low == pytest.approx(0.5 - 1.96 * 0.025, abs=0.01)
    assert high == pytest.approx(0.5 + 1.96 * 0.025, abs=0.01)
    assert interval(np.ones(5)) == (1, 1)


def test_rows_of_a_layer_are_those_of_its_neurons(tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    rows = layer_rows(atlas, 2)
    assert rows.owner.tolist() == [0, 0, 2, 3, 3, 3, 4]
    assert rows.sizes().tolist() == [10, 2, 7, 4, 3, 2, 12]
    keys = [set(rows.tokens[rows.group == number, -1].tolist()) for number in range(7)]
    assert keys == [{1}, {13}, {9}, {21}, {19}, {7}, {10}]


def test_planted_features_are_told_apart(tiny_atlas):
    told = {figure.name: figure.value for figure in dict(evaluate(tiny_atlas))["names"].figures}
    assert told["names_accuracy_planted"] == told["names_accuracy_of_key_terms_planted"] == 1
    assert told["names_unique_planted"] == 1
    assert 0.2 < told["names_accuracy_by_lot_planted"] < 0.5


def test_the_command_prints_a_table_and_writes_figures(tiny_atlas, tmp_path, capsys):
    assert main(["evaluate", str(tiny_atlas), "--only", "names", "--json", str(tmp_path / "figures.json")]) == 0
    printed = capsys.readouterr()
    assert "layer 2" in printed.out
    assert "names_accuracy" not in printed.out
    assert printed.err.startswith("[1/1] names: 2 layers in ")
    written = json.loads((tmp_path / "figures.json").read_text())
    assert written["names"]["names_accuracy_planted"] == {"value": 1, "unit": "share"}


def test_the_command_writes_nothing_unless_asked(tiny_atlas, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = sorted(tiny_atlas.rglob("*"))
    assert main(["evaluate", str(tiny_atlas)]) == 0
    assert not list(tmp_path.iterdir())
    assert sorted(tiny_atlas.rglob("*")) == before


@pytest.mark.parametrize("given", [["{tmp}/nowhere"], ["{atlas}", "--only", "poetry"], []])
def test_bad_input_is_one_line(given, tiny_atlas, tmp_path, capsys):
    given = [part.format(tmp=tmp_path, atlas=tiny_atlas) for part in given]
    try:
        code = main(["evaluate", *given])
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
