"""Trails through planted features: a concept that appears in a layer, splits in one and merges in another."""

import numpy as np
import pytest

from ne_core.method.comparable import Verdict
from ne_core.queries.trail import Trail, layers_reached, n_groups, trail, trail_nodes

S = np.sqrt(0.5)
# Layer 0 has nothing like the concept a; it appears in layer 1, splits into a+b and a+c in layer 2 (two neurons each),
# skips layer 3, and merges again in layer 4. Layer 2 has an unrelated feature too.
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
    least: float = 0.6, per: int = 5, siblings=(SEED,), seed: int = SEED, verdicts=all_comparable, excluded=()
) -> Trail:
    units = VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)
    ids = trail_nodes(units @ units[seed], LAYERS, seed, siblings, per, least, excluded)
    return trail(ids, LAYERS[ids], 7 * VECTORS[ids], seed, least, verdicts)


def test_trail_passes_the_layers_with_the_concept():
    result = planted()
    assert result.layers == [1, 2, 4]
    assert result.ids.tolist() == [2, 4, 5, 6, 7, 10]
    assert result.cosine[0] == pytest.approx(1)
    assert result.cosine[1:5] == pytest.approx([S] * 4, abs=0.01)


def test_links_skip_layers_without_nodes():
    result = planted()
    links = {(int(result.ids[a]), int(result.ids[b])): cosine for a, b, cosine in result.links}
    assert links.keys() == {(2, 4), (2, 5), (2, 6), (2, 7), (4, 10), (5, 10), (6, 10), (7, 10)}
    assert links[2, 4] == pytest.approx(S)


def test_splits_and_merges():
    """Four nodes with two meanings are two groups."""
    result = planted()
    assert {int(result.ids[node]): count for node, count in result.splits.items()} == {2: 2}
    assert {int(result.ids[node]): count for node, count in result.merges.items()} == {10: 2}


def test_similar_nodes_are_no_split():
    assert planted(least=0.45).splits == {}  # a+b and a+c have cosine 0.5, above this bound


def test_nearest_nodes_of_each_layer():
    assert planted(per=2).ids.tolist() == [2, 4, 5, 10]
    assert planted(per=1).ids.tolist() == [2, 4, 10]


def test_seed_is_always_included_and_its_siblings_never():
    assert planted(least=0.999999).ids.tolist() == [2, 10]
    assert planted(per=1, seed=10, siblings=(10,)).ids.tolist() == [2, 4, 10]
    assert planted(siblings=(2, 3, 4, 5)).ids.tolist() == [2, 6, 7, 10]


def test_seed_comes_first_among_equal_cosines():
    vectors, layers = np.array([A, A, A]), np.zeros(3, dtype=int)
    ids = trail_nodes(vectors @ A, layers, 2, (2,), 2, 0.5)
    assert ids.tolist() == [2, 0]
    assert trail(ids, layers[ids], vectors[ids], 2, 0.5, all_comparable).links == []


def test_groups_are_connected_components():
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


def test_layers_that_cannot_be_compared():
    """Check that their features are not nodes, that no link crosses them, and that they make no split."""

    def unlike_2(one: int, other: int) -> Verdict:
        return Verdict.CHANCE if 2 in (one, other) else Verdict.COMPARABLE

    assert planted(excluded=[2, 3]).ids.tolist() == [2, 10]
    assert planted(excluded=[1]).ids.tolist() == [2, 4, 5, 6, 7, 10]  # the seed is always included
    result = planted(verdicts=unlike_2)
    assert result.links == []
    assert result.splits == result.merges == {}


def test_layers_with_too_few_features_are_linked_without_splits():
    result = planted(verdicts=lambda one, other: Verdict.FEW)
    assert len(result.links) == 8
    assert result.splits == result.merges == {}
