"""Training of sparse autoencoders: seeds, scale, planted directions, silent latents, refitted decoders."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ne_core.method.measures import effective_inputs
from precompute.autoencoders.loss.measures import MEANING, meanings, reconstruction
from precompute.autoencoders.loss.refit import refit
from precompute.autoencoders.loss.train import Run, Trainer, Training, TrainingError, batches, initial_state, train

D_IN, N = 12, 600
WEIGHTS = ("W_enc", "b_enc", "W_dec", "b_dec")
QUICK = Training(d_sae=24, steps=150, batch=32, learning_rate=5e-3, ne_start=20)


@pytest.fixture(scope="module")
def x() -> torch.Tensor:
    """Sums of one or two of six directions, each on two inputs that no other direction reads, with some noise."""
    rng = np.random.default_rng(0)
    directions = np.repeat(np.eye(6), 2, axis=1)
    strength = rng.uniform(0.5, 1.5, size=(N, 6)) * (rng.random((N, 6)) < 0.25)
    return torch.from_numpy((strength @ directions + 0.02 * rng.random((N, D_IN))).astype(np.float32))


def same(one, other) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in ("W_enc", "b_enc", "W_dec", "b_dec")
    )


@pytest.mark.slow
def test_weights_depend_on_the_seed_alone(x):
    first, again, other = (train(x, [Run(0.01, 1.0, seed)], QUICK)[0] for seed in (0, 0, 1))
    assert same(first, again)
    assert not same(first, other)


def test_run_does_not_depend_on_other_runs(x):
    alone = train(x, [Run(0.01, 0.0, 3)], replace(QUICK, steps=20))[0]
    among_others = train(x, [Run(0.1, 1.0, 0), Run(0.01, 0.0, 3)], replace(QUICK, steps=20))[1]
    np.testing.assert_allclose(alone.W_enc, among_others.W_enc, atol=1e-4)
    np.testing.assert_allclose(alone.b_enc, among_others.b_enc, atol=1e-4)


def test_latents_and_reconstruction_are_in_the_units_of_the_inputs(x):
    one, ten = (train(scale * x, [Run(0.01, 0.0, 0)], QUICK)[0] for scale in (1, 10))
    h = x.numpy()
    np.testing.assert_allclose(10 * one.latents(h), ten.latents(10 * h), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(
        10 * one.reconstruction(one.latents(h)), ten.reconstruction(ten.latents(10 * h)), rtol=1e-2, atol=1e-2
    )


def test_training_reconstructs_and_larger_l1_is_sparser(x):
    h, rows = x.numpy(), []
    for sae in train(x, [Run(0.002, 0.0, 0), Run(0.05, 0.0, 0)], replace(QUICK, steps=600)):
        f = sae.latents(h)
        rows.append(reconstruction(h, f, sae.reconstruction(f)))
    assert rows[0]["fvu"] < 0.05
    assert rows[1]["l0"] < 0.8 * rows[0]["l0"]
    assert rows[1]["fvu"] > rows[0]["fvu"]


def test_ne_term_lowers_the_mean_distance(x):
    """Compare two runs with the same L1 and seed."""
    h = x.numpy()
    distances = []
    for sae in train(x, [Run(0.01, 0.0, 0), Run(0.01, 3.0, 0)], replace(QUICK, steps=600)):
        distances.append(meanings(h, sae.W_enc, sae.latents(h) > 0, 0.05)["mean_distance"])
    assert distances[1] < 0.7 * distances[0]


def test_ne_term_starts_at_ne_start(x):
    """Before step `ne_start` a run with the term equals a run without it."""
    training = replace(QUICK, steps=30, ne_start=30)
    without, with_it = (train(x, [Run(0.01, lambda2, 0)], training)[0] for lambda2 in (0.0, 5.0))
    assert same(without, with_it)
    later = train(x, [Run(0.01, 5.0, 0)], replace(training, ne_start=29))[0]
    assert not same(without, later)


@pytest.mark.parametrize(("waking", "fires"), [(0.0, False), (3.0, True)])
def test_waking_revives_a_silent_latent(x, waking, fires):
    """A latent with a bias too low for every input has no gradient that would raise it."""
    training = replace(QUICK, steps=400, waking=waking)
    h, generators = x / x.square().mean().sqrt(), [torch.Generator().manual_seed(0)]
    state = initial_state(h, generators, training.d_sae)
    with torch.no_grad():
        state.b_enc[0, 0, 5] = -1.1 * float((h @ state.W_enc[0, :, 5]).abs().max())
    trainer = Trainer(h, state, [Run(0.01, 0.0, 0)], training)
    for step in range(training.steps):
        trainer.step(step, batches(generators, len(h), training.batch))
    f = torch.relu(h @ state.W_enc[0] + state.b_enc[0, 0])
    assert bool((f[:, 5] > 0).any()) == fires


def test_refitted_decoder_is_least_squares(x):
    rng = torch.Generator().manual_seed(0)
    f = torch.relu(x @ torch.randn(D_IN, 8, generator=rng))
    f[:, 5] = 0
    before = torch.randn(8, D_IN, generator=rng)
    W_dec, b_dec = refit(f, x, before, torch.zeros(D_IN))
    fires = [i for i in range(8) if i != 5]
    ones = np.concatenate([f.numpy()[:, fires], np.ones((N, 1))], axis=1)
    best, *_ = np.linalg.lstsq(ones, x.numpy(), rcond=None)
    error = np.square(f.numpy() @ W_dec.numpy() + b_dec.numpy() - x.numpy()).sum()
    assert error == pytest.approx(np.square(ones @ best - x.numpy()).sum(), rel=1e-3)
    torch.testing.assert_close(W_dec[5], before[5])


def test_measures_match_hand_computed_values():
    """Two inputs, three latents: one reads the first input, one both, one never fires."""
    h = np.array([[1, 0], [2, 0], [1, 1], [0, 3]], dtype=np.float32)
    W_enc = np.array([[1, 1, 0], [0, 1, 0]], dtype=np.float32)
    active = np.array([[1, 1, 0], [1, 1, 0], [1, 1, 0], [0, 1, 0]], dtype=bool)
    measures = meanings(h, W_enc, active, cut=0.2)
    both = [1 - np.sqrt(0.5)] * 3 + [1, 1, 0]  # pairs of (1,0) (2,0) (1,1) (0,3)
    assert measures["mean_distance"] == pytest.approx(np.mean([0, np.mean(both)]), abs=1e-6)
    assert measures["max_distance"] == pytest.approx(0.5)
    assert measures["dead_share"] == pytest.approx(1 / 3)
    assert measures["n_features"] == pytest.approx((1 + 3) / 2)
    assert measures["size"] == 3.5
    squares = np.array([1 + 4 + 1, 1 + 9])
    assert measures["effective_inputs"] == pytest.approx((1 + squares.sum() ** 2 / np.square(squares).sum()) / 2)
    assert {*measures, "l0", "mse", "fvu", "accuracy_lost"} == set(MEANING)


def test_dead_dictionary_has_no_distances():
    measures = meanings(np.ones((3, 2), np.float32), np.ones((2, 4), np.float32), np.zeros((3, 4), bool), 0.05)
    assert measures["dead_share"] == 1
    assert np.isnan(measures["mean_distance"])
    assert np.isnan(measures["effective_inputs"])


def test_effective_inputs():
    assert effective_inputs(np.array([[3.0, 0, 0], [-1, 0, 0]])) == 1
    assert effective_inputs(np.array([[1.0, 1, 0], [-1, 1, 0]])) == pytest.approx(2)
    assert np.isnan(effective_inputs(np.zeros((2, 3))))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps: 0"),
        ({"learning_rate": 0.0}, "learning-rate"),
        ({"ne_over": "rows"}, "latents, pairs or inputs"),
        ({"waking": -1.0}, "waking: -1.0 is not 0 or above"),
    ],
)
def test_invalid_settings_are_refused(options, message):
    with pytest.raises(TrainingError, match=message):
        Training(**options)
