"""Training of sparse autoencoders: seeds, neighbours, scale, planted directions, silent latents, refitted decoders."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ne_core.method.measures import effective_inputs
from precompute.autoencoders.loss.measures import MEANING, meanings, reconstruction
from precompute.autoencoders.loss.refit import refit
from precompute.autoencoders.loss.train import Run, Trainer, Training, TrainingError, batches, started, train

D_IN, N = 12, 600
WEIGHTS = ("W_enc", "b_enc", "W_dec", "b_dec")
QUICK = Training(d_sae=24, steps=150, batch=32, learning_rate=5e-3, ne_start=20)


@pytest.fixture(scope="module")
def x() -> torch.Tensor:
    """Rows are sums of one or two of six directions, each on two inputs that no other reads, with some noise."""
    rng = np.random.default_rng(0)
    directions = np.repeat(np.eye(6), 2, axis=1)
    strength = rng.uniform(0.5, 1.5, size=(N, 6)) * (rng.random((N, 6)) < 0.25)
    return torch.from_numpy((strength @ directions + 0.02 * rng.random((N, D_IN))).astype(np.float32))


def same(one, other) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in ("W_enc", "b_enc", "W_dec", "b_dec")
    )


def test_a_seed_gives_the_same_weights_again_and_another_seed_others(x):
    first, again, other = (train(x, [Run(0.01, 1.0, seed)], QUICK)[0] for seed in (0, 0, 1))
    assert same(first, again)
    assert not same(first, other)


def test_a_run_does_not_depend_on_those_trained_beside_it(x):
    alone = train(x, [Run(0.01, 0.0, 3)], replace(QUICK, steps=20))[0]
    beside = train(x, [Run(0.1, 1.0, 0), Run(0.01, 0.0, 3)], replace(QUICK, steps=20))[1]
    np.testing.assert_allclose(alone.W_enc, beside.W_enc, atol=1e-4)
    np.testing.assert_allclose(alone.b_enc, beside.b_enc, atol=1e-4)


def test_latents_and_reconstruction_are_in_the_units_of_the_inputs(x):
    one, ten = (train(scale * x, [Run(0.01, 0.0, 0)], QUICK)[0] for scale in (1, 10))
    h = x.numpy()
    np.testing.assert_allclose(10 * one.latents(h), ten.latents(10 * h), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(
        10 * one.reconstruction(one.latents(h)), ten.reconstruction(ten.latents(10 * h)), rtol=1e-2, atol=1e-2
    )


def test_training_explains_and_more_l1_is_sparser(x):
    h, rows = x.numpy(), []
    for sae in train(x, [Run(0.002, 0.0, 0), Run(0.05, 0.0, 0)], replace(QUICK, steps=600)):
        f = sae.latents(h)
        rows.append(reconstruction(h, f, sae.reconstruction(f)))
    assert rows[0]["fvu"] < 0.05
    assert rows[1]["l0"] < 0.8 * rows[0]["l0"]
    assert rows[1]["fvu"] > rows[0]["fvu"]


def test_the_term_brings_a_latents_examples_together(x):
    """At the same L1 and seed the mean distance falls, and stays where the term is off."""
    h = x.numpy()
    found = []
    for sae in train(x, [Run(0.01, 0.0, 0), Run(0.01, 3.0, 0)], replace(QUICK, steps=600)):
        found.append(meanings(h, sae.W_enc, sae.latents(h) > 0, 0.05)["mean_distance"])
    assert found[1] < 0.7 * found[0]


def test_the_term_counts_from_its_start_on(x):
    """Before it, a run with it is a run without."""
    how = replace(QUICK, steps=30, ne_start=30)
    without, with_it = (train(x, [Run(0.01, lambda2, 0)], how)[0] for lambda2 in (0.0, 5.0))
    assert same(without, with_it)
    later = train(x, [Run(0.01, 5.0, 0)], replace(how, ne_start=29))[0]
    assert not same(without, later)


@pytest.mark.parametrize(("waking", "fires"), [(0.0, False), (3.0, True)])
def test_a_silent_latent_is_woken(x, waking, fires):
    """One whose bias begins too low for every input has no gradient that would raise it."""
    how = replace(QUICK, steps=400, waking=waking)
    h, generators = x / x.square().mean().sqrt(), [torch.Generator().manual_seed(0)]
    state = started(h, generators, how.d_sae)
    with torch.no_grad():
        state.b_enc[0, 0, 5] = -1.1 * float((h @ state.W_enc[0, :, 5]).abs().max())
    trainer = Trainer(h, state, [Run(0.01, 0.0, 0)], how)
    for step in range(how.steps):
        trainer.step(step, batches(generators, len(h), how.batch))
    f = torch.relu(h @ state.W_enc[0] + state.b_enc[0, 0])
    assert bool((f[:, 5] > 0).any()) == fires


def test_the_refitted_decoder_is_the_least_squares_one(x):
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


def test_measures_of_a_dictionary_that_one_can_do_in_the_head():
    """Two inputs, three latents: one reads the first input, one both, one never fires."""
    h = np.array([[1, 0], [2, 0], [1, 1], [0, 3]], dtype=np.float32)
    W_enc = np.array([[1, 1, 0], [0, 1, 0]], dtype=np.float32)
    active = np.array([[1, 1, 0], [1, 1, 0], [1, 1, 0], [0, 1, 0]], dtype=bool)
    found = meanings(h, W_enc, active, cut=0.2)
    both = [1 - np.sqrt(0.5)] * 3 + [1, 1, 0]  # pairs of (1,0) (2,0) (1,1) (0,3)
    assert found["mean_distance"] == pytest.approx(np.mean([0, np.mean(both)]), abs=1e-6)
    assert found["max_distance"] == pytest.approx(0.5)
    assert found["dead_share"] == pytest.approx(1 / 3)
    assert found["n_features"] == pytest.approx((1 + 3) / 2)
    assert found["size"] == 3.5
    squares = np.array([1 + 4 + 1, 1 + 9])
    assert found["effective_inputs"] == pytest.approx((1 + squares.sum() ** 2 / np.square(squares).sum()) / 2)
    assert {*found, "l0", "mse", "fvu", "accuracy_lost"} == set(MEANING)


def test_a_dictionary_that_is_dead_has_no_distances():
    found = meanings(np.ones((3, 2), np.float32), np.ones((2, 4), np.float32), np.zeros((3, 4), bool), 0.05)
    assert found["dead_share"] == 1
    assert np.isnan(found["mean_distance"])
    assert np.isnan(found["effective_inputs"])


def test_effective_inputs_counts_inputs_that_matter_alike():
    assert effective_inputs(np.array([[3.0, 0, 0], [-1, 0, 0]])) == 1
    assert effective_inputs(np.array([[1.0, 1, 0], [-1, 1, 0]])) == pytest.approx(2)
    assert np.isnan(effective_inputs(np.zeros((2, 3))))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"steps": 0}, "steps: 0"), ({"learning_rate": 0.0}, "learning-rate"), ({"ne_over": "rows"}, "latents or pairs")],
)
def test_what_cannot_be_trained_with_is_refused(wrong, said):
    with pytest.raises(TrainingError, match=said):
        Training(**wrong)
