"""Neurons that show each class: planted ones, in the classes of the ranking."""

from dataclasses import replace

import pytest

from ne_core.atlas import Atlas
from ne_core.method.classes import CLASSES, NAMES, rules
from ne_core.queries.class_examples import class_examples, importance_known, largest_sizes, named_by_words
from ne_core.queries.ranking import ranking
from ne_core.refs import NeuronRef


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


def test_planted_neurons_match_their_rules(atlas):
    """L0 N0 was planted with 14 and 3 examples, L0 N2 with 6, 5, 4 and 3; three have one feature."""
    rare, several, single = class_examples(atlas, 4)
    assert rare.neurons == (NeuronRef(0, 0), NeuronRef(2, 0))
    assert set(several.neurons) == {NeuronRef(0, 2), NeuronRef(0, 5)}  # the features of L2 N3 are small
    assert set(single.neurons) == {NeuronRef(0, 1), NeuronRef(2, 2), NeuronRef(2, 4)}


def test_sizes_of_the_largest_features(atlas):
    assert largest_sizes(atlas).tolist() == [14, 9, 6, 1, 0, 5, 10, 0, 7, 4, 12]


def test_names_rules_and_classes_are_those_of_the_ranking(atlas):
    table = ranking(atlas)
    kinds = {name: kind for kind, name in NAMES.items()}
    for each in class_examples(atlas, 4):
        assert each.rule.startswith(rules(atlas.manifest.default_cut)[kinds[each.title]])
        classes = [CLASSES[table.columns["class"][atlas.neuron_row(ref)]] for ref in each.neurons]
        assert set(classes) == {kinds[each.title]}


def test_selection_is_deterministic(atlas, tiny_atlas):
    assert class_examples(atlas, 4) == class_examples(Atlas.open(tiny_atlas), 4)


def test_neurons_named_by_words(atlas):
    """L0 N0 fires on “ cat” and “ red”, L0 N2 on a sign too, L0 N5 on signs."""
    row = [atlas.neuron_row(NeuronRef(0, j)) for j in (0, 2, 5)]
    assert named_by_words(atlas)[row].tolist() == [True, False, False]
    few = replace(atlas, features=atlas.features | {"key_token_counts": atlas.features["key_token_counts"] // 3})
    assert not named_by_words(few)[row].any()  # the word is no longer that of most examples


def test_neurons_with_importance_of_the_first_example(atlas):
    """The most central examples of every planted feature have importances; a dead neuron has no example."""
    assert importance_known(atlas).tolist() == (atlas.neurons["n_examples"] > 0).tolist()
