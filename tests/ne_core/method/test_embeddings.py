"""Embedding spaces against their formulas, and the defining property of `conditional`."""

import numpy as np
import pytest
from jaxtyping import Float
from scipy.linalg import fractional_matrix_power

from ne_core.method.embeddings import EMBEDDINGS, FORMULAS, Embedder, without_direction
from ne_core.method.statistics import InputStatistics
from ne_core.method.trees.cluster import similarities

D = 12


@pytest.fixture(scope="module")
def sample() -> Float[np.ndarray, "n d_in"]:
    rng = np.random.default_rng(0)
    return (rng.standard_normal((400, D)) @ rng.standard_normal((D, D)) + 3 * rng.standard_normal(D)).astype(np.float32)


@pytest.fixture(scope="module")
def embedder(sample) -> Embedder:
    return Embedder(InputStatistics(sample.mean(axis=0), np.cov(sample.T).astype(np.float32)))


@pytest.fixture(scope="module")
def w() -> Float[np.ndarray, " d_in"]:
    return np.random.default_rng(1).standard_normal(D).astype(np.float32)


def test_every_space_matches_its_formula(embedder, sample, w):
    mean, covariance = embedder.statistics.mean.astype(np.float64), embedder.statistics.covariance.astype(np.float64)
    shrunk = covariance + np.trace(covariance) / D * np.eye(D)
    whitening, colouring = (fractional_matrix_power(shrunk, power).real for power in (-0.5, 0.5))
    y, u = (sample - mean) @ whitening, colouring @ w
    expected = {
        "neuron": sample * w,
        "pre_mlp": sample,
        "centred": sample - mean,
        "standardised": (sample - mean) / np.sqrt(np.diag(covariance)),
        "whitened": y,
        "conditional": y - np.outer(y @ u, u) / (u @ u),
        "neuron_centred": (sample - mean) * w,
        "neuron_whitened": y * u,
    }
    assert set(expected) == set(EMBEDDINGS) == set(FORMULAS)
    for space, vectors in expected.items():
        np.testing.assert_allclose(embedder(space, sample, w), vectors, atol=2e-4, err_msg=space)


def test_weighted_embeddings_sum_to_the_pre_activation(embedder, sample, w):
    z = sample @ w
    np.testing.assert_allclose(embedder("neuron", sample, w).sum(axis=1), z, atol=1e-3)
    for space in ("neuron_centred", "neuron_whitened"):
        np.testing.assert_allclose(embedder(space, sample, w).sum(axis=1), z - embedder.statistics.mean @ w, atol=1e-3)


def test_standardised_neuron_embeddings_have_the_cosines_of_standardised_inputs(embedder, sample, w):
    e = sample * w
    standardised = (e - e.mean(axis=0)) / e.std(axis=0)
    ours = embedder("standardised", sample[:50], w)
    np.testing.assert_allclose(similarities(ours), similarities(standardised[:50]), atol=1e-3)


def test_conditional_ignores_the_pre_activation(embedder, sample, w):
    """Move inputs along S w: their embeddings do not change; moved in another direction, they do."""
    shrunk = embedder.colouring @ embedder.colouring
    moved = sample + 7 * shrunk @ w
    np.testing.assert_allclose(embedder("conditional", moved, w), embedder("conditional", sample, w), atol=1e-2)
    assert np.abs(embedder("conditional", sample + w, w) - embedder("conditional", sample, w)).max() > 0.1


def test_zero_weights_and_constant_inputs(embedder, sample):
    zeros = np.zeros(D, dtype=np.float32)
    assert np.array_equal(without_direction(sample, zeros), sample)
    constant = Embedder(InputStatistics(zeros, np.zeros((D, D), dtype=np.float32)))
    for space in ("standardised", "whitened"):
        np.testing.assert_allclose(constant(space, sample, zeros), sample, atol=1e-5)


def test_unknown_space_is_rejected(embedder, sample, w):
    with pytest.raises(KeyError, match="colour"):
        embedder("colour", sample, w)
