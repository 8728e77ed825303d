"""Names of features as a reader of the atlas computes them, and positions on the map."""

import numpy as np

from ne_core.atlas import Atlas
from ne_core.method.naming import names, word_classes
from ne_core.refs import NeuronRef
from precompute.steps.names import NamesJob, named, names_from, names_input, work_names
from tests.support.planted import VOCAB, planted_importances, planted_layers


def test_stored_names_match_names_computed_from_the_atlas(tiny_atlas):
    atlas, n_context_words = Atlas.open(tiny_atlas), 0
    words = word_classes(atlas.vocab)
    for layer in atlas.layers:
        for number in range(atlas.n_neurons(layer)):
            neuron = atlas.neuron(NeuronRef(layer, number))
            ids = atlas.feature_ids(neuron.ref)
            tokens = atlas.window_tokens(neuron, np.arange(len(neuron)))[:, : atlas.manifest.window.back]
            feature = neuron.features(atlas.manifest.default_cut)
            expected = names(feature, np.zeros(len(ids), np.int64), tokens, neuron.window_importances, words)
            np.testing.assert_array_equal(atlas.features["name_keys"][ids.start : ids.stop], expected.keys)
            np.testing.assert_array_equal(atlas.features["name_context"][ids.start : ids.stop], expected.context)
            n_context_words += (expected.context >= 0).sum()
    assert n_context_words > 5


def test_names_do_not_depend_on_the_order_of_units():
    rng = np.random.default_rng(0)
    texts, layers = planted_layers(rng)
    words, lost = word_classes(VOCAB), {layer.rows.layer: planted_importances(rng, layer) for layer in layers}
    expected = named(layers, texts, words, lost)
    units = {
        number: work_names(NamesJob(words), names_input(layers[number], texts, lost[layers[number].rows.layer]))
        for number in (1, 0)
    }
    for name, column in names_from(layers, units.__getitem__).items():
        np.testing.assert_array_equal(column, expected[name])
    assert len(expected["name_keys"]) == sum(layer.n_features for layer in layers)


def test_similar_features_are_close_on_the_map(tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    places = np.stack([atlas.features["map_x"], atlas.features["map_y"]], axis=1)
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    most_similar = atlas.features["similar_pre_mlp"][:, 0]
    near = apart[np.arange(len(places)), most_similar]
    assert np.median(near) < np.median(apart[~np.eye(len(places), dtype=bool)])
