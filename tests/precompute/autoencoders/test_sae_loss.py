"""The loss of a sparse autoencoder against loops over its equations, one latent and one example at a time."""

import pytest
import torch
from torch.nn.functional import cosine_similarity

from precompute.autoencoders.loss.loss import (
    OVER,
    RunningMean,
    mean_squared_error,
    neuron_embedding_term,
    shares,
    sparsity,
)

RUNS, BATCH, D_IN, D_SAE = 2, 7, 5, 6


@pytest.fixture
def random_batch():
    """Random weights, inputs, running means and active latents, in float64; latent 3 is silent in all examples."""
    rng = torch.Generator().manual_seed(0)
    W_enc = torch.randn(RUNS, D_IN, D_SAE, generator=rng, dtype=torch.float64)
    h = torch.rand(RUNS, BATCH, D_IN, generator=rng, dtype=torch.float64)
    h_avg = torch.rand(RUNS, D_IN, D_SAE, generator=rng, dtype=torch.float64)
    active = (torch.rand(RUNS, BATCH, D_SAE, generator=rng) < 0.5).double()
    active[:, :, 3] = 0
    return W_enc, h, h_avg, active


def looped(W_enc, h, h_avg, active, over):
    """Equation 4 as a loop."""
    losses = []
    for run in range(len(h)):
        of_latent = []
        for j in range(W_enc.shape[2]):
            w, mean = W_enc[run, :, j], h_avg[run, :, j]
            rows = torch.nonzero(active[run, :, j])[:, 0]
            of_latent.append([1 - cosine_similarity(mean * w, h[run, b] * w, dim=0) for b in rows])
        active_latents = [torch.stack(distances) for distances in of_latent if distances]
        by_reading = {
            "latents": torch.stack([distances.mean() for distances in active_latents]).mean(),
            "pairs": torch.cat(active_latents).mean(),
            "inputs": torch.cat(active_latents).sum() / h.shape[1],
        }
        losses.append(by_reading[over])
    return torch.stack(losses)


@pytest.mark.parametrize("over", OVER)
def test_term_matches_equation_4(random_batch, over):
    torch.testing.assert_close(neuron_embedding_term(*random_batch, over), looped(*random_batch, over))


@pytest.mark.parametrize("over", OVER)
def test_gradient_matches_the_loop(random_batch, over):
    gradients = []
    for term in (neuron_embedding_term, looped):
        W_enc = random_batch[0].clone().requires_grad_()
        (term(W_enc, *random_batch[1:], over) * torch.tensor([1.0, 3.0])).sum().backward()
        gradients.append(W_enc.grad)
    torch.testing.assert_close(*gradients)
    assert (gradients[0][:, :, 3] == 0).all(), "a silent latent is not moved"


@pytest.mark.parametrize("over", OVER)
def test_no_active_latent_gives_zero_loss(random_batch, over):
    W_enc, h, h_avg, active = random_batch
    W_enc.requires_grad_()
    term = neuron_embedding_term(W_enc, h, h_avg, torch.zeros_like(active), over)
    term.sum().backward()
    assert term.tolist() == [0, 0]
    assert (W_enc.grad == 0).all()


def test_latent_of_one_input_has_distance_0(random_batch):
    _, h, h_avg, active = random_batch
    single = torch.eye(D_IN, D_SAE, dtype=torch.float64).expand(RUNS, -1, -1).clone()
    single[:, 0, D_IN:] = 1
    torch.testing.assert_close(neuron_embedding_term(single, h, h_avg, active, "pairs"), torch.zeros(RUNS).double())


@pytest.mark.parametrize("over", ["latents", "pairs"])
def test_shares_add_up_to_one(random_batch, over):
    weights = shares(random_batch[3], over)
    torch.testing.assert_close(weights.sum(dim=(1, 2)), torch.ones(RUNS).double())
    assert ((weights > 0) == (random_batch[3] > 0)).all()


def test_latents_have_equal_weight_however_often_they_fire():
    active = torch.tensor([[[1.0, 1.0], [1.0, 0.0], [1.0, 0.0]]])
    assert shares(active, "latents").sum(dim=1).tolist() == [[0.5, 0.5]]
    assert shares(active, "pairs").sum(dim=1).tolist() == [[0.75, 0.25]]


def test_sum_for_each_input_is_the_mean_over_pairs_times_the_active_latents_of_an_input(random_batch):
    l0 = random_batch[3].sum(dim=2).mean(dim=1)
    sums, means = (neuron_embedding_term(*random_batch, over) for over in ("inputs", "pairs"))
    torch.testing.assert_close(sums, means * l0)


def test_running_mean_follows_equation_6():
    average = RunningMean.empty(1, 2, 2, 0.9, torch.device("cpu"))
    fires_first = torch.tensor([[[1.0, 0.0]]])
    average.add(torch.tensor([[[1.0, 2.0]]]), fires_first)
    assert average.mean.tolist() == [[[1, 0], [2, 0]]]
    average.add(torch.tensor([[[3.0, 0.0], [5.0, 0.0]]]), torch.tensor([[[1.0, 0.0], [1.0, 1.0]]]))
    torch.testing.assert_close(average.mean, torch.tensor([[[0.9 * 1 + 0.1 * 4, 5], [0.9 * 2, 0]]]))
    before = average.mean.clone()
    average.add(torch.tensor([[[7.0, 7.0]]]), torch.zeros(1, 1, 2))
    torch.testing.assert_close(average.mean, before)


def test_longer_decoder_rows_do_not_reduce_the_l1_term():
    """Latents half as large with the same reconstruction cost the same."""
    rng = torch.Generator().manual_seed(1)
    f, W_dec = torch.rand(1, 4, D_SAE, generator=rng), torch.randn(1, D_SAE, D_IN, generator=rng)
    torch.testing.assert_close(sparsity(f, W_dec), sparsity(f / 2, 2 * W_dec))


def test_mean_squared_error_by_run():
    h, decoded = torch.zeros(2, 1, 2), torch.tensor([[[1.0, 3.0]], [[0.0, 2.0]]])
    assert mean_squared_error(h, decoded).tolist() == [5, 2]
