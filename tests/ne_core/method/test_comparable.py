"""Layers whose features are the same directions can be compared; layers that share no more than their mean cannot."""

import numpy as np
import pytest

from ne_core.method.comparable import FEWEST, LayerVectors, Verdict, matches, random_features, verdict

D = 64


def layer(rng, directions, n: int = 400, noise: float = 0.05, shared=0.0) -> LayerVectors:
    """Features along some directions, all with as much of one direction that says nothing."""
    found = directions[rng.integers(len(directions), size=n)] + noise * rng.normal(size=(n, D)) + shared
    found = found.astype(np.float32)
    return LayerVectors(found / np.linalg.norm(found, axis=1, keepdims=True), np.arange(n))


def both(one: LayerVectors, other: LayerVectors):
    return [matches(one, other, False), matches(other, one, False)]


@pytest.fixture(scope="module")
def directions():
    return np.linalg.qr(np.random.default_rng(1).normal(size=(D, D)))[0]


def test_the_same_directions_are_comparable(directions):
    rng = np.random.default_rng(0)
    found = both(layer(rng, directions), layer(rng, directions))
    assert verdict(found) == Verdict.COMPARABLE
    assert min(each.share for each in found) > 0.9


def test_a_mean_that_all_share_is_chance(directions):
    """Every cosine is high, and says nothing: random features have it as well."""
    rng = np.random.default_rng(0)
    turned = np.linalg.qr(rng.normal(size=(D, D)))[0]
    found = both(layer(rng, directions, shared=0.3), layer(rng, turned, shared=0.3))
    assert min(each.features.mean() for each in found) > 0.8
    assert max(each.share for each in found) < 0.3
    assert verdict(found) == Verdict.CHANCE


def test_one_way_is_not_enough(directions):
    rng = np.random.default_rng(0)
    few, all = layer(rng, directions[:16]), layer(rng, directions)
    there, back = both(few, all)
    assert there.share > 0.5 > back.share
    assert verdict([there, back]) == Verdict.CHANCE


def test_a_bound_that_random_features_reach_says_nothing(directions):
    rng = np.random.default_rng(0)
    found = both(layer(rng, directions), layer(rng, directions))
    assert verdict(found, 0.8) == Verdict.COMPARABLE
    assert verdict(found, 0.1) == Verdict.BOUND
    assert verdict(found, 1.0) == Verdict.COMPARABLE  # that nothing reaches it is no chance


def test_too_few_features_are_no_measure(directions):
    rng = np.random.default_rng(0)
    assert verdict([None, matches(layer(rng, directions), layer(rng, directions), True)]) == Verdict.FEW
    assert FEWEST > 1


def test_within_a_layer_a_neuron_is_no_match_of_its_own(directions):
    rng = np.random.default_rng(0)
    one = layer(rng, directions, n=64)
    assert matches(one, one, True).features.max() < 1
    assert matches(one, one, False).features.min() == pytest.approx(1)
    all_one = LayerVectors(one.units, np.zeros(64, dtype=int))
    assert matches(all_one, all_one, True).features.max() == -1


def test_random_features_have_the_mean_and_covariance_of_the_layer(directions):
    rng = np.random.default_rng(0)
    units = layer(rng, directions[:8], shared=0.2).units
    found = random_features(units, 4000, rng)
    assert found.mean(axis=0) @ units.mean(axis=0) == pytest.approx((units.mean(axis=0) ** 2).sum(), rel=0.1)
    values = [np.sort(np.linalg.eigvalsh(np.cov(each.T)))[-8:] for each in (units, found)]
    assert values[1] == pytest.approx(values[0], rel=0.3, abs=0.01)
