"""Near duplicates left out: nothing changes without any, and planted ones are left out as a tree of the rest has it."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage

from ne_core.atlas import Atlas
from ne_core.method.classes import neuron_classes, second_sizes
from ne_core.queries import duplicates
from ne_core.refs import NeuronRef
from precompute.evaluate.duplicates import Change, column, evaluate_duplicates, measure_layer, measured, reduced

REF = NeuronRef(0, 2)


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


def figures(atlas: Atlas) -> dict[str, float]:
    return {each.name: each.value for each in evaluate_duplicates(atlas).figures}


def test_all_rows_clustered_anew_are_the_neuron_of_the_atlas(atlas):
    neuron = atlas.neuron(REF)
    again = reduced(atlas, neuron, np.arange(len(neuron)), atlas.embedder(0))
    assert measured(again).n_features == measured(neuron).n_features
    assert measured(again).n_suggested == measured(neuron).n_suggested
    assert measured(again).mean_distance == pytest.approx(measured(neuron).mean_distance, abs=1e-3)


def test_classes_before_are_those_of_the_atlas(atlas):
    before, after = (
        np.concatenate(tables) for tables in zip(*(measure_layer(atlas, n) for n in atlas.layers), strict=True)
    )
    alive = atlas.neurons["n_examples"] > 0
    second = second_sizes(atlas.neurons["n_features"], atlas.features["size"])
    expected = neuron_classes(atlas.neurons, second, atlas.manifest.default_cut)[alive]
    assert Change(before, after, atlas.manifest.default_cut).classes(before).tolist() == expected.tolist()


def test_nothing_changes_without_duplicates(atlas, monkeypatch):
    monkeypatch.setattr(duplicates, "endings", lambda atlas, neuron, rows: [str(row) for row in rows])
    values = figures(atlas)
    assert values["duplicates_left_out_planted"] == values["duplicates_class_changes_planted"] == 0
    assert values["duplicates_features_planted"] == values["duplicates_features_after_planted"]


def test_every_second_example_is_a_duplicate(atlas, monkeypatch):
    monkeypatch.setattr(duplicates, "endings", lambda atlas, neuron, rows: [str(row // 2) for row in rows])
    before, after = measure_layer(atlas, 0)
    number = [n for n in range(atlas.n_neurons(0)) if len(atlas.neuron(NeuronRef(0, n)))].index(REF.neuron)
    x, w = np.float64(atlas.neuron_inputs(REF))[::2], np.float64(atlas.weights(0).W_in[:, REF.neuron])
    expected = fcluster(linkage(x * w, "average", "cosine"), atlas.manifest.default_cut, "distance")
    assert column(before, "n_examples")[number] == 2 * column(after, "n_examples")[number] == len(atlas.neuron(REF))
    assert column(after, "n_features")[number] == expected.max()
