"""Tests of the lab's units: identities, oracles, and a lab small enough to solve by hand."""

import numpy as np
import pytest

from ne_core.lab.head_to_head import predict_images, sae_forward
from ne_core.lab.maps import average_example, importance_map, linear_pixel_extremes, mlp_pixel_extremes
from ne_core.lab.unit_features import nearest_feature, unit_features
from ne_core.lab.units import latent, neuron
from ne_core.method.layer import NeuronLayer
from ne_core.method.measures import effective_inputs
from ne_core.method.mlp import MLP, predicted, probabilities
from ne_core.method.sae import SAE
from tests.support.planted_lab import (
    AGAINST,
    BELOW,
    BOTH,
    CUT,
    D_HIDDEN,
    DARK,
    DEAD,
    NE,
    ONE,
    QUADRANTS,
    RUNS,
    SIDE,
    SILENT,
    WRONG,
    planted_lab,
)


@pytest.fixture(scope="module")
def lab():
    return planted_lab()


def some_mlp(seed: int = 0, d_pixels: int = 6, d_hidden: int = 5) -> MLP:
    rng = np.random.default_rng(seed)
    shapes = (d_pixels, d_hidden), (d_hidden,), (d_hidden, 3), (3,)
    return MLP(*(rng.normal(size=shape) for shape in shapes))


def test_hidden_neurons_are_quadrants(lab):
    expected = np.stack([lab.x[:, quadrant].mean(axis=1) - DARK for quadrant in QUADRANTS], axis=1)
    np.testing.assert_allclose(lab.hidden, np.maximum(expected, 0), atol=1e-6)


def test_mlp_is_wrong_on_mislabelled_images(lab):
    wrong = np.flatnonzero(predicted(lab.mlp.logits(lab.hidden)) != lab.labels)
    assert wrong.tolist() == WRONG


def test_probabilities_ignore_a_constant_shift():
    logits = np.array([[0.0, np.log(3.0)], [1000.0, 0.0]])
    np.testing.assert_allclose(probabilities(logits), [[0.25, 0.75], [1, 0]])
    np.testing.assert_allclose(probabilities(logits - 7), probabilities(logits))


@pytest.mark.parametrize("number", [ONE, BOTH, AGAINST])
def test_latent_embeddings_sum_to_pre_activation(lab, number):
    unit = latent(lab, 2, number)
    z = lab.hidden[unit.examples] @ lab.weights["W_enc"][2, :, number] + lab.weights["b_enc"][2, number]
    np.testing.assert_allclose(unit.embeddings.sum(axis=1) + unit.b, z, atol=1e-6)
    np.testing.assert_allclose(unit.activation, lab.sae(2).latents(lab.hidden)[:, number], atol=1e-6)


def test_embeddings_match_neuron_layer(lab):
    unit = latent(lab, 0, BOTH)
    layer = NeuronLayer(lab.sae(0).W_enc, lab.sae(0).b_enc)
    np.testing.assert_array_equal(unit.embed(lab.hidden), layer.embed(lab.hidden, BOTH))


def test_hidden_neuron_reads_pixels(lab):
    unit = neuron(lab, 1)
    np.testing.assert_allclose(unit.activation, lab.hidden[:, 1], atol=1e-6)
    assert unit.effects.tolist() == [0, 4, 0]


def test_examples_are_the_first_active_images(lab):
    unit = latent(lab, 0, BOTH)
    assert unit.examples.tolist() == [image for image in range(len(lab.images)) if image % 3 < 2]
    assert len(neuron(lab, 2).examples) == 50
    few = [image for image in range(len(lab.images)) if image % 3 < 2][:7]
    assert type(unit)(unit.x, unit.w, unit.b, unit.effects, 7).examples.tolist() == few


def test_effective_inputs():
    assert effective_inputs(np.array([[3.0, 0, 0], [5.0, 0, 0]])) == 1
    assert effective_inputs(np.array([[1.0, -1, 1, 1]])) == 4
    assert effective_inputs(np.array([[2.0, 0], [0, 1.0]])) == pytest.approx(1 / (0.8**2 + 0.2**2))
    assert np.isnan(effective_inputs(np.zeros((0, 3))))
    assert np.isnan(effective_inputs(np.zeros((2, 3))))


@pytest.mark.parametrize("seed", range(5))
def test_pixel_extremes_match_a_fine_grid(seed):
    """Check that a fine grid reaches the extremes and never exceeds them."""
    mlp, rng = some_mlp(seed), np.random.default_rng(seed)
    w, b = rng.normal(size=mlp.d_hidden), rng.normal()
    extremes = mlp_pixel_extremes(mlp, w, b)
    grid = np.linspace(0, 1, 20_001)
    for pixel in range(len(mlp.W_in)):
        images = np.zeros((len(grid), len(mlp.W_in)))
        images[:, pixel] = grid
        z = mlp.hidden(images) @ w + b
        assert z.max() <= extremes.highest[pixel] + 1e-12
        assert z.min() >= extremes.lowest[pixel] - 1e-12
        assert extremes.highest[pixel] - z.max() < 1e-3
        assert z.min() - extremes.lowest[pixel] < 1e-3
        assert extremes.dark == pytest.approx(z[0])


def test_pixel_extremes_at_a_kink():
    """Check two hidden neurons that switch on at 1/2, the stronger one inhibiting: z is highest at the kink."""
    mlp = MLP(np.array([[1.0, 2.0]]), np.array([0.0, -1.0]), np.zeros((2, 2)), np.zeros(2))
    extremes = mlp_pixel_extremes(mlp, np.array([1.0, -1.0]), 0.0)  # z = v up to 1/2, then 1 − v
    assert extremes.highest.tolist() == [0.5]
    assert extremes.lowest.tolist() == [0]


def test_activation_map_of_a_hidden_neuron_is_its_weights(lab):
    unit = neuron(lab, 2)
    np.testing.assert_allclose(linear_pixel_extremes(unit.w, unit.b).change, unit.w, atol=1e-7)
    signed = np.array([-2.0, 0, 3])
    np.testing.assert_allclose(linear_pixel_extremes(signed, 0.5).change, signed)


def test_activation_map_of_a_latent(lab):
    unit = latent(lab, 0, AGAINST)
    extremes = mlp_pixel_extremes(lab.mlp, unit.w, unit.b)
    expected = np.zeros(SIDE * SIDE)
    expected[QUADRANTS[0]], expected[QUADRANTS[1]] = 0.25 - DARK, -(0.25 - DARK)
    np.testing.assert_allclose(extremes.change, expected, atol=1e-6)
    np.testing.assert_allclose(extremes.activation, np.maximum(expected, 0), atol=1e-6)
    assert extremes.dark == 0


def test_importance_map_multiplies_change_and_average():
    assert importance_map(np.array([2.0, -1, 3]), np.array([0.5, 1, 0])).tolist() == [1, -1, 0]
    np.testing.assert_array_equal(average_example(np.array([[0.0, 1], [1, 1]])), [0.5, 1])
    assert average_example(np.zeros((0, 2))).tolist() == [0, 0]


def test_planted_features_are_recovered(lab):
    """Check BOTH, which fires for two quadrants with orthogonal embeddings, and BELOW, which fires for one."""
    both, below = unit_features(latent(lab, 0, BOTH)), unit_features(latent(lab, 0, BELOW))
    kinds = latent(lab, 0, BOTH).examples % 3
    features = both.features(CUT)
    assert [set(kinds[features == feature].tolist()) for feature in (0, 1)] == [{0}, {1}]
    assert both.measures(CUT).n_features == 2
    assert both.measures(CUT).inter_distance == pytest.approx(1, abs=1e-5)
    assert both.measures(1.5).n_features == 1
    assert set(both.features(CUT)[both.central(CUT)].tolist()) == {0, 1}
    assert below.measures(CUT).n_features == 1


def test_dead_latent_has_no_features(lab):
    assert not len(latent(lab, 0, DEAD).examples)
    assert unit_features(latent(lab, 0, DEAD)) is None


def test_nearest_feature_of_an_input(lab):
    unit = latent(lab, 0, BOTH)
    clustered = unit_features(unit)
    features = clustered.features(CUT)
    right = nearest_feature(unit.embed(np.array([[0, 0.7, 0, 0]], np.float32))[0], clustered.embeddings, features, CUT)
    assert (right.feature, right.within_cut) == (1, True)
    between = nearest_feature(
        unit.embed(np.array([[0.5, 0.5, 0, 0]], np.float32))[0], clustered.embeddings, features, CUT
    )
    assert not between.within_cut
    assert between.distance == pytest.approx(1 - 0.5**0.5, abs=0.01)


def test_nearest_feature_distance_matches_average_linkage():
    """Compare with the height at which scipy joins a new point to two separated groups."""
    from scipy.cluster.hierarchy import linkage

    rng = np.random.default_rng(3)
    old = np.concatenate([rng.normal([9, 0, 0], 0.1, (4, 3)), rng.normal([0, 9, 0], 0.1, (4, 3))])
    new = np.array([9, 3.0, 1])
    nearest = nearest_feature(new, old, np.repeat([0, 1], 4), 0.05)
    tree = linkage(np.concatenate([old, new[None]]), method="average", metric="cosine")
    merge = next(row for row in tree if 8 in row[:2])
    assert nearest.distance == pytest.approx(merge[2])
    assert nearest.feature == 0


@pytest.mark.parametrize("image", [0, 7, 14])
def test_contributions_sum_to_the_logits(lab, image):
    sae, rng = lab.sae(NE), np.random.default_rng(image)
    other_sae = SAE(sae.W_enc, sae.b_enc, rng.normal(size=sae.W_dec.shape), rng.normal(size=D_HIDDEN))
    hidden = lab.hidden[image]
    forward = sae_forward(lab.mlp, other_sae, hidden)
    expected = lab.mlp.logits(other_sae.reconstruction(other_sae.latents(hidden[None])))[0]
    np.testing.assert_allclose(forward.logits, expected, atol=1e-5)
    active = forward.latents[forward.strongest]
    assert (active > 0).all()
    assert (np.diff(active) <= 0).all()
    assert len(active) == (forward.latents > 0).sum()


def test_contribution_is_activation_times_effects(lab):
    forward, unit = sae_forward(lab.mlp, lab.sae(0), lab.hidden[1]), latent(lab, 0, 1)
    np.testing.assert_allclose(forward.contribution[1], unit.activation[1] * unit.effects, atol=1e-6)


@pytest.mark.parametrize("run", range(len(RUNS)))
def test_predictions_on_every_image(lab, run, monkeypatch):
    monkeypatch.setattr("ne_core.lab.head_to_head.BLOCK", 40)
    predictions = predict_images(lab, run)
    latents = lab.sae(run).latents(lab.hidden)
    np.testing.assert_array_equal(predictions.n_active, (latents > 0).sum(axis=0))
    clean = predicted(lab.mlp.logits(lab.hidden))
    np.testing.assert_array_equal(predictions.predicted, np.zeros_like(clean) if run == SILENT else clean)
