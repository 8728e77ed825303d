"""Trails with a planted truth: a concept that appears in a layer, splits in one and merges in another."""

import numpy as np
import pytest

from ne_core.method.comparable import Verdict
from ne_core.queries.trail import Trail, chosen, layers_reached, n_groups, trail

S = np.sqrt(0.5)
# Layer 0 has nothing like the concept a; it appears in layer 1, splits into a+b and a+c in layer 2 (two neurons say
# each), skips layer 3, and comes together again in layer 4. In layer 2 something else stands, too.
A, B, C, D = np.eye(4)
PLANTED = {
    0: [D, B - C],
    1: [A, D],
    2: [S * (A + B), S * (A + C), S * (A + 1.02 * B), S * (A + 1.02 * C), D],
    3: [D],
    4: [A, B, D],
}
LAYERS = np.array([layer for layer, vectors in PLANTED.items() for _ in vectors])
VECTORS = np.array([vector for vectors in PLANTED.values() for vector in vectors])
SEED = 2  # A of layer 1


def all_comparable(one: int, other: int) -> Verdict:
    return Verdict.COMPARABLE


def planted(
    least: float = 0.6, per: int = 5, own=(SEED,), seed: int = SEED, verdicts=all_comparable, without=()
) -> Trail:
    units = VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)
    ids = chosen(units @ units[seed], LAYERS, seed, own, per, least, without)
    return trail(ids, LAYERS[ids], 7 * VECTORS[ids], seed, least, verdicts)


def test_it_goes_through_the_layers_that_have_the_concept():
    found = planted()
    assert found.layers == [1, 2, 4]
    assert found.ids.tolist() == [2, 4, 5, 6, 7, 10]
    assert found.cosine[0] == pytest.approx(1)
    assert found.cosine[1:5] == pytest.approx([S] * 4, abs=0.01)


def test_successive_layers_are_linked_and_layers_without_it_are_passed_over():
    found = planted()
    links = {(int(found.ids[a]), int(found.ids[b])): cosine for a, b, cosine in found.links}
    assert links.keys() == {(2, 4), (2, 5), (2, 6), (2, 7), (4, 10), (5, 10), (6, 10), (7, 10)}
    assert links[2, 4] == pytest.approx(S)


def test_it_splits_where_the_next_differ_and_merges_where_they_come_together():
    """Four nodes of two meanings are two groups."""
    found = planted()
    assert {int(found.ids[place]): count for place, count in found.splits.items()} == {2: 2}
    assert {int(found.ids[place]): count for place, count in found.merges.items()} == {10: 2}


def test_what_says_the_same_is_no_split():
    assert planted(least=0.45).splits == {}  # a+b and a+c have cosine 0.5: alike by this bound


def test_no_more_of_a_layer_than_asked_for_and_the_nearest_of_them():
    assert planted(per=2).ids.tolist() == [2, 4, 5, 10]
    assert planted(per=1).ids.tolist() == [2, 4, 10]


def test_the_seed_is_there_whatever_else_and_its_own_neuron_is_not():
    assert planted(least=0.999999).ids.tolist() == [2, 10]
    assert planted(per=1, seed=10, own=(10,)).ids.tolist() == [2, 4, 10]
    assert planted(own=(2, 3, 4, 5)).ids.tolist() == [2, 6, 7, 10]


def test_the_seed_comes_first_in_its_layer_among_equals():
    vectors, layers = np.array([A, A, A]), np.zeros(3, dtype=int)
    ids = chosen(vectors @ A, layers, 2, (2,), 2, 0.5)
    assert ids.tolist() == [2, 0]
    assert trail(ids, layers[ids], vectors[ids], 2, 0.5, all_comparable).links == []


def test_groups_hang_together_by_way_of_others():
    chain = np.abs(np.subtract.outer(np.arange(5), np.arange(5))) <= 1
    assert n_groups(chain) == 1
    assert n_groups(np.eye(3, dtype=bool)) == 3
    apart = chain.copy()
    apart[2, 3] = apart[3, 2] = False
    assert n_groups(apart) == 2


def test_layers_reached_counts_each_layer_once():
    layers = np.array([0, 0, 1, 2])
    similar = np.array([[1, 2, 3], [0, -1, -1], [3, 0, 1], [-1, -1, -1]])
    cosines = np.array([[0.9, 0.8, 0.1], [0.7, np.nan, np.nan], [0.9, 0.9, 0.9], [np.nan] * 3])
    assert layers_reached(similar, layers, cosines >= 0.5).tolist() == [2, 1, 2, 0]


def test_nothing_of_layers_that_cannot_be_compared():
    """Their features are no nodes, no line leads between them, and they make no split."""

    def unlike_2(one: int, other: int) -> Verdict:
        return Verdict.CHANCE if 2 in (one, other) else Verdict.COMPARABLE

    assert planted(without=[2, 3]).ids.tolist() == [2, 10]
    assert planted(without=[1]).ids.tolist() == [2, 4, 5, 6, 7, 10]  # the start is there even so
    found = planted(verdicts=unlike_2)
    assert found.links == []
    assert found.splits == found.merges == {}


def test_layers_that_are_too_small_to_tell_are_linked_and_split_nothing():
    found = planted(verdicts=lambda one, other: Verdict.FEW)
    assert len(found.links) == 8
    assert found.splits == found.merges == {}
