"""Questions of the intruder game against their definition, on planted neurons whose features share key tokens."""

from pathlib import Path

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.queries import intruder
from ne_core.queries.intruder import ACTIVATION, KEY_TOKEN, LEVELS, Game, Question, game, mean_distances
from ne_core.refs import NeuronRef
from tests.support.planted import Meaning, make_atlas

SEEDS = range(30)
ALIKE, MIXED, DIFFERENT, STRAY, SMALL, SINGLE = (NeuronRef(0, neuron) for neuron in range(6))
LAYERS = {
    0: [
        [Meaning(0, 1, 8), Meaning(1, 1, 4)],
        [Meaning(0, 1, 8), Meaning(1, 1, 2), Meaning(1, 5, 9)],  # only 2 of the 11 of direction 1 have token 1
        [Meaning(0, 2, 8), Meaning(1, 3, 4)],
        [Meaning(0, 4, 9), Meaning(1, 4, 1)],
        [Meaning(0, 6, 4), Meaning(1, 6, 4)],
        [Meaning(0, 7, 9)],
    ]
}


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    return Atlas.open(make_atlas(tmp_path_factory.mktemp("intruders") / "planted", planted=LAYERS))


def games(atlas: Atlas, level: str) -> list[Game]:
    return [game(atlas, seed, level) for seed in SEEDS]


def tokens(atlas: Atlas, question: Question) -> list[int]:
    """Key tokens of the six, the intruder's last."""
    neuron, rows = atlas.neuron(question.neuron), in_order(question)
    return atlas.tokens[neuron.example[rows], neuron.pos[rows]].tolist()


def in_order(question: Question) -> list[int]:
    """Rows of the five, and then of the intruder."""
    rows = list(question.rows)
    return [*rows[: question.answer], *rows[question.answer + 1 :], rows[question.answer]]


def test_atlas_without_such_neurons_has_no_questions(tiny_atlas: Path):
    assert game(Atlas.open(tiny_atlas), 0, KEY_TOKEN) == Game((), 4)  # its features have different key tokens


@pytest.mark.parametrize("level", LEVELS)
def test_five_are_of_one_feature_and_the_intruder_of_another(level, atlas):
    for each in games(atlas, level):
        assert len({question.neuron for question in each.questions}) == len(each.questions)
        for question in each.questions:
            assert len(set(question.rows)) == 6
            features = atlas.neuron(question.neuron).feature[in_order(question)].tolist()
            assert features == [question.feature] * 5 + [question.sibling]
            assert question.sibling != question.feature


def test_only_neurons_with_large_enough_features_come_up(atlas):
    for level, expected in ((ACTIVATION, {ALIKE, MIXED, DIFFERENT}), (KEY_TOKEN, {ALIKE, MIXED})):
        assert {frozenset(question.neuron for question in each.questions) for each in games(atlas, level)} == {
            frozenset(expected)
        }
        assert {each.n_drawn for each in games(atlas, level)} == {3}


@pytest.mark.parametrize("level", LEVELS)
def test_intruder_is_nearest_to_the_median_activation(level, atlas):
    for question in (question for each in games(atlas, level) for question in each.questions):
        neuron, *five_tokens = atlas.neuron(question.neuron), *tokens(atlas, question)[:5]
        *five, chosen = neuron.activation[in_order(question)].astype(np.float32)
        keys = atlas.tokens[neuron.example, neuron.pos]
        others = (neuron.feature == question.sibling) & (np.isin(keys, five_tokens) | (level == ACTIVATION))
        distances = np.abs(neuron.activation[others].astype(np.float32) - np.median(five))
        assert abs(chosen - np.median(five)) == distances.min()


def test_intruder_has_a_key_token_of_the_five(atlas):
    questions = [question for each in games(atlas, KEY_TOKEN) for question in each.questions]
    for question in questions:
        *five, chosen = tokens(atlas, question)
        assert chosen in five
    mixed = [question for question in questions if question.neuron == MIXED]
    assert {question.feature for question in mixed} == {0, 1}
    assert all(1 in tokens(atlas, question)[:5] for question in mixed)
    free = [question for each in games(atlas, ACTIVATION) for question in each.questions]
    assert any(tokens(atlas, question)[5] not in tokens(atlas, question)[:5] for question in free)


def test_seed_and_level_decide_the_game(atlas):
    assert game(atlas, 7, ACTIVATION) == game(Atlas.open(atlas.root), 7, ACTIVATION)
    assert len(set(games(atlas, ACTIVATION))) == len(SEEDS)
    assert game(atlas, 7, ACTIVATION) != game(atlas, 7, KEY_TOKEN)


def test_intruder_is_at_every_place(atlas):
    answers = [question.answer for each in games(atlas, ACTIVATION) for question in each.questions]
    counts = np.bincount(answers, minlength=6)
    assert len(counts) == 6
    assert counts.min() >= len(answers) / 6 / 3


def test_number_of_neurons_read_is_bounded(atlas, monkeypatch):
    read = []
    monkeypatch.setattr(intruder, "TRIES", 2)
    monkeypatch.setattr(Atlas, "neuron", lambda self, ref: read.append(ref) or real(self, ref))
    drawn = [game(atlas, seed, ACTIVATION) for seed in SEEDS]
    assert len(read) == 2 * len(SEEDS)
    assert {len(each.questions) for each in drawn} == {2}
    assert set(read) == {ALIKE, MIXED, DIFFERENT}
    monkeypatch.setattr(intruder, "QUESTIONS", 1)
    read.clear()
    assert len(game(atlas, 0, ACTIVATION).questions) == len(read) == 1


real = Atlas.neuron


def test_mean_distances_of_two_directions():
    vectors = np.array([[1, 0], [1, 0], [0, 1], [1, 0], [1, 0], [-1, 0]], dtype=np.float32)
    distances = mean_distances(vectors @ vectors.T, 2)
    assert distances.intruder == 1  # at right angles to all five
    assert distances.five == pytest.approx(
        2 * 8 / 20
    )  # four alike and an opposite one: 8 of 20 ordered pairs are 2 apart
