"""Comparability of layers: those with the same feature directions are, those that share only a mean are not."""

import numpy as np
import pytest

from ne_core.method.comparable import FEWEST, LayerVectors, Verdict, matches, random_features, verdict

D = 64


def layer(rng, directions, n: int = 400, noise: float = 0.05, shared=0.0) -> LayerVectors:
    """Features along some directions, with the same amount of one meaningless direction in all."""
    vectors = directions[rng.integers(len(directions), size=n)] + noise * rng.normal(size=(n, D)) + shared
    vectors = vectors.astype(np.float32)
    return LayerVectors(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.arange(n))


def both(one: LayerVectors, other: LayerVectors):
    return [matches(one, other, False), matches(other, one, False)]


@pytest.fixture(scope="module")
def directions():
    return np.linalg.qr(np.random.default_rng(1).normal(size=(D, D)))[0]


def test_same_directions_are_comparable(directions):
    rng = np.random.default_rng(0)
    pair = both(layer(rng, directions), layer(rng, directions))
    assert verdict(pair) == Verdict.COMPARABLE
    assert min(each.share for each in pair) > 0.9


def test_shared_mean_is_chance(directions):
    """Every cosine is high but meaningless: random features have high cosines too."""
    rng = np.random.default_rng(0)
    turned = np.linalg.qr(rng.normal(size=(D, D)))[0]
    pair = both(layer(rng, directions, shared=0.3), layer(rng, turned, shared=0.3))
    assert min(each.features.mean() for each in pair) > 0.8
    assert max(each.share for each in pair) < 0.3
    assert verdict(pair) == Verdict.CHANCE


def test_one_direction_is_not_enough(directions):
    rng = np.random.default_rng(0)
    few, all = layer(rng, directions[:16]), layer(rng, directions)
    forward, back = both(few, all)
    assert forward.share > 0.5 > back.share
    assert verdict([forward, back]) == Verdict.CHANCE


def test_bound_that_random_features_reach(directions):
    rng = np.random.default_rng(0)
    pair = both(layer(rng, directions), layer(rng, directions))
    assert verdict(pair, 0.8) == Verdict.COMPARABLE
    assert verdict(pair, 0.1) == Verdict.BOUND
    assert verdict(pair, 1.0) == Verdict.COMPARABLE  # nothing reaches it, neither features nor random ones


def test_too_few_features(directions):
    rng = np.random.default_rng(0)
    assert verdict([None, matches(layer(rng, directions), layer(rng, directions), True)]) == Verdict.FEW
    assert FEWEST > 1


def test_neuron_does_not_match_itself_within_a_layer(directions):
    rng = np.random.default_rng(0)
    one = layer(rng, directions, n=64)
    assert matches(one, one, True).features.max() < 1
    assert matches(one, one, False).features.min() == pytest.approx(1)
    all_one = LayerVectors(one.units, np.zeros(64, dtype=int))
    assert matches(all_one, all_one, True).features.max() == -1


def test_random_features_have_the_mean_and_covariance_of_the_layer(directions):
    rng = np.random.default_rng(0)
    units = layer(rng, directions[:8], shared=0.2).units
    mixed = random_features(units, 4000, rng)
    assert mixed.mean(axis=0) @ units.mean(axis=0) == pytest.approx((units.mean(axis=0) ** 2).sum(), rel=0.1)
    values = [np.sort(np.linalg.eigvalsh(np.cov(each.T)))[-8:] for each in (units, mixed)]
    assert values[1] == pytest.approx(values[0], rel=0.3, abs=0.01)
