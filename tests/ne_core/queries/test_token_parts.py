"""Parts of tokens from an atlas's stored inputs."""

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.queries import token_parts
from ne_core.queries.token_parts import input_tokens, layer_token_part, spaced
from ne_core.refs import NeuronRef


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


def test_tokens_of_inputs_are_the_key_tokens_of_their_rows(atlas):
    token, index = input_tokens(atlas, 2), atlas.layer_inputs(2).index
    for number in range(atlas.n_neurons(2)):
        neuron = atlas.neuron(NeuronRef(2, number))
        rows = atlas.files[2].rows(number)
        assert token[index[rows]].tolist() == atlas.tokens[neuron.example, neuron.pos].tolist()


def test_parts_of_some_tokens_are_those_of_all(atlas):
    embedder, inputs = atlas.embedder(2), atlas.layer_inputs(2)
    token = input_tokens(atlas, 2)
    some = np.unique(token)[:2]
    rows = np.isin(token, some)
    s = embedder.standardised(inputs.x[rows])
    of_all, of_some = (layer_token_part(atlas, 2, embedder, each).keep(s, token[rows], 0.0) for each in (None, some))
    np.testing.assert_array_equal(of_all, of_some)
    assert not np.allclose(of_all, s)


def test_frequent_tokens_are_sampled(atlas, monkeypatch):
    embedder, token = atlas.embedder(2), input_tokens(atlas, 2)
    whole = layer_token_part(atlas, 2, embedder)
    monkeypatch.setattr(token_parts, "PER_TOKEN", 1)
    first = layer_token_part(atlas, 2, embedder)
    frequent = int(np.bincount(token).argmax())
    assert not np.allclose(whole.means[whole.row[frequent]], first.means[first.row[frequent]])


@pytest.mark.parametrize(("most", "places"), [(1, [0, 1]), (2, [0, 1, 4]), (3, [0, 1, 3, 5]), (9, [0, 1, 2, 3, 4, 5])])
def test_spaced_places(most, places):
    assert np.flatnonzero(spaced(np.array([7, 2, 7, 7, 7, 7]), most)).tolist() == places
