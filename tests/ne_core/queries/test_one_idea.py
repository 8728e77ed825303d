"""Neurons for a first look: planted ones of one idea in different words, of single tokens, of fragments."""

from dataclasses import replace

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.queries import one_idea
from ne_core.queries.chance import below_random
from ne_core.queries.one_idea import Pick
from ne_core.refs import NeuronRef
from tests.support.planted_ideas import ONE, SEVERAL


@pytest.fixture
def atlas(ideas_atlas, monkeypatch) -> Atlas:
    """The planted features are equally tight, so all of them count as tight."""
    monkeypatch.setattr(one_idea, "TIGHT", 1.0)
    return Atlas.open(ideas_atlas)


def test_nothing_to_pick(atlas):
    empty = replace(atlas, features=atlas.features | {"size": np.zeros_like(atlas.features["size"])})
    assert one_idea.one_idea(empty, 9) == ()
    assert np.isnan(one_idea.tight(empty))


def test_different_words_are_picked_single_tokens_and_fragments_are_not(atlas):
    several, one = one_idea.one_idea(atlas, 9)
    assert (several.ref, several.features, several.share) == (SEVERAL, (0, 1), 1)
    assert (one.ref, one.features, one.share) == (ONE, (1,), 6 / 15)  # its other feature is a single token


def test_neuron_with_one_feature_comes_after_those_with_two(atlas, monkeypatch):
    monkeypatch.setattr(one_idea, "WANTED", 1)
    assert {pick.ref for pick in one_idea.one_idea(atlas, 9)} == {SEVERAL, ONE}
    monkeypatch.setattr(one_idea, "WANTED", 2)
    assert one_idea.one_idea(atlas, 1)[0].ref == SEVERAL


def test_tightness_is_a_quantile_of_the_large_features(atlas, monkeypatch):
    monkeypatch.setattr(one_idea, "TIGHT", 0.5)
    features = atlas.features
    large = features["intra_distance"][features["size"] >= one_idea.LEAST]
    assert one_idea.tight(atlas) == pytest.approx(np.median(large))
    loose = np.where(features["size"] == 6, np.float32(0.9), features["intra_distance"])
    assert one_idea.one_idea(replace(atlas, features=features | {"intra_distance": loose}), 9) == ()


def test_near_siblings_do_not_count(atlas, monkeypatch):
    monkeypatch.setattr(one_idea, "APART", 1e6)  # as if all features were near each other
    assert one_idea.one_idea(atlas, 9) == ()


def test_words_count_together_in_capitals_and_with_spaces():
    words, counts = np.array([[0, 0, 1], [0, 1, 2]]), np.array([[2, 2, 3], [2, 2, 3]])
    assert one_idea.most_frequent(words, counts).tolist() == [4, 3]


def test_columns_are_an_upper_bound(atlas):
    """No feature that the examples would let pass is excluded by the columns alone."""
    everything = np.ones(len(atlas.features["size"]), dtype=bool)
    fits = one_idea.different_words(atlas)
    for row in range(len(atlas.neurons["layer"])):
        pick = one_idea.examine(atlas, row, everything)
        assert pick is None or fits[[atlas.feature_ids(pick.ref)[i] for i in pick.features]].all()


def test_neurons_like_random_directions_do_not_count(compared_atlas, tiny_atlas):
    compared = Atlas.open(compared_atlas)
    below = below_random(compared, "mean_distance", "random_distance")
    expected = [not share > one_idea.CHANCE for share in below.tolist()]  # NaN cannot be compared
    assert one_idea.unlike_chance(compared).tolist() == expected
    assert one_idea.unlike_chance(Atlas.open(tiny_atlas)).all()


def test_ties_are_in_the_order_of_the_atlas(atlas):
    equal = replace(
        atlas,
        features=atlas.features | {"intra_distance": np.full_like(atlas.features["intra_distance"], 0.1)},
        neurons=atlas.neurons | {"inter_distance": np.full_like(atlas.neurons["inter_distance"], 0.9)},
    )
    everything = np.ones(len(atlas.features["size"]), dtype=bool)
    rows = one_idea.candidates(equal, everything).tolist()
    several, single = [0, 1, 3], [2, 4, 5]
    assert rows == several + single


def test_layers_share_the_picks():
    picks = [Pick(NeuronRef(layer, j), (0,), 1.0, 0.1) for layer in (0, 1) for j in range(4)]
    assert [pick.ref for pick in one_idea.spread(picks, 4, 3)] == [NeuronRef(0, j) for j in range(3)] + [
        NeuronRef(1, 0)
    ]
    assert one_idea.layer_limit(9, 1) == 9
    assert one_idea.layer_limit(9, 12) == one_idea.A_LAYER


def test_few_neurons_of_a_large_atlas_are_read(atlas, monkeypatch):
    """Of 100,000 features that all may qualify, the examples of EXAMINED neurons are read, whatever they show."""
    times = 100_000 // len(atlas.features["size"]) + 1
    large = replace(
        atlas,
        features={name: np.concatenate([column] * times) for name, column in atlas.features.items()},
        neurons={name: np.concatenate([column] * times) for name, column in atlas.neurons.items()},
    )
    read = []
    monkeypatch.setattr(one_idea, "qualifying", lambda atlas: np.ones(len(atlas.features["size"]), dtype=bool))
    monkeypatch.setattr(one_idea, "examine", lambda atlas, row, fits: read.append(row))
    assert len(large.features["size"]) >= 100_000
    assert one_idea.one_idea(large, 9) == ()
    assert len(read) == one_idea.EXAMINED
