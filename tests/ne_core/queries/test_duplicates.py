"""Near duplicates: groups by hand, and planted ones in the texts of an atlas."""

from dataclasses import replace

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.queries.duplicates import ENDING, alike, endings
from ne_core.refs import NeuronRef


@pytest.fixture(scope="module")
def atlas(tiny_atlas):
    return Atlas.open(tiny_atlas)


def test_groups_by_hand():
    assert alike([]) == []
    assert alike(["b", "a", "b", "c", "a", "b"]) == [[0, 2, 5], [1, 4], [3]]


def test_ending_is_the_text_up_to_the_key_token(atlas):
    neuron = atlas.neuron(NeuronRef(0, 0))
    rows = np.arange(len(neuron))
    for row, ending in zip(rows, endings(atlas, neuron, rows), strict=True):
        ids = atlas.tokens[neuron.example[row], : int(neuron.pos[row]) + 1]
        assert ending == "".join(atlas.vocab[id] for id in ids)[-ENDING:]
        assert len(ending) <= ENDING


def planted_copy(atlas, n_before: int) -> tuple:
    """Return an atlas whose row 1 repeats the `n_before` tokens up to and including the key token of row 0."""
    neuron, tokens = atlas.neuron(NeuronRef(0, 1)), np.array(atlas.tokens)
    (a, b), key = neuron.example[:2].tolist(), 23
    tokens[a], tokens[b] = 0, 1  # “ the” and “ cat”, 4 characters each
    tokens[a, key] = tokens[b, key] = 5  # “ runs”, 5 characters
    tokens[b, key - n_before + 1 : key] = tokens[a, key - n_before + 1 : key]
    pos = np.array(neuron.pos)
    pos[:2] = key
    lengths = np.full(len(tokens), tokens.shape[1], dtype=np.int32)
    return replace(atlas, tokens=tokens, lengths=lengths), replace(neuron, pos=pos)


@pytest.mark.parametrize(("n_before", "groups"), [(10, [[0, 1]]), (9, [[0], [1]])])
def test_planted_duplicates(n_before, groups, atlas):
    """9 tokens of 4 characters before the key token of 5 have 40 characters together with it; 8 do not."""
    changed, neuron = planted_copy(atlas, n_before)
    assert alike(endings(changed, neuron, np.arange(2))) == groups
