"""The stage that names features, of which a reader makes the same names; and places on the map."""

import numpy as np

from ne_core.atlas import Atlas
from ne_core.method.naming import names, word_classes
from ne_core.refs import NeuronRef
from precompute.steps.names import NamesJob, named, names_from, names_input, work_names
from tests.support.planted import VOCAB, planted_importances, planted_layers


def test_a_reader_makes_the_names_that_are_stored(tiny_atlas):
    atlas, told = Atlas.open(tiny_atlas), 0
    words = word_classes(atlas.vocab)
    for layer in atlas.layers:
        for number in range(atlas.n_neurons(layer)):
            neuron = atlas.neuron(NeuronRef(layer, number))
            ids = atlas.feature_ids(neuron.ref)
            tokens = atlas.window_tokens(neuron, np.arange(len(neuron)))[:, : atlas.manifest.window.back]
            feature = neuron.features(atlas.manifest.default_cut)
            found = names(feature, np.zeros(len(ids), np.int64), tokens, neuron.window_importances, words)
            np.testing.assert_array_equal(atlas.features["name_keys"][ids.start : ids.stop], found.keys)
            np.testing.assert_array_equal(atlas.features["name_context"][ids.start : ids.stop], found.context)
            told += (found.context >= 0).sum()
    assert told > 5


def test_units_in_any_order_make_the_same_names():
    rng = np.random.default_rng(0)
    texts, layers = planted_layers(rng)
    words, lost = word_classes(VOCAB), {found.rows.layer: planted_importances(rng, found) for found in layers}
    whole = named(layers, texts, words, lost)
    units = {
        number: work_names(NamesJob(words), names_input(layers[number], texts, lost[layers[number].rows.layer]))
        for number in (1, 0)
    }
    for name, column in names_from(layers, units.__getitem__).items():
        np.testing.assert_array_equal(column, whole[name])
    assert len(whole["name_keys"]) == sum(found.n_features for found in layers)


def test_places_on_the_map_are_near_similar_features(tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    places = np.stack([atlas.features["map_x"], atlas.features["map_y"]], axis=1)
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    most_similar = atlas.features["similar_pre_mlp"][:, 0]
    near = apart[np.arange(len(places)), most_similar]
    assert np.median(near) < np.median(apart[~np.eye(len(places), dtype=bool)])
