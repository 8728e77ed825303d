"""Loss of a sparse autoencoder with the neuron-embedding term (METHOD, section 7), for many runs at once.

    L = MSE(h, ĥ) + λ1 · |f|₁ + λ2 · L_N                                                  (5)
    h_avg,j ← m · h_avg,j + (1 − m) · h_b,j                                               (6)
    L_N = mean over the batch's active (example, latent) pairs of 1 − cos(h_avg,j ⊙ w_j, h ⊙ w_j)   (4)

The paper's text of (4) is not available. This is one reading; a second one gives every latent the same weight, and a
third is the sum over an input's active latents, mean over inputs (`shares`). w_j is latent j's column of W_enc.
The first dimension of every tensor is the run.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

OVER = ("latents", "pairs", "inputs")  # readings of equation 4; see `shares`
LEAST = 1e-12  # squared lengths below this are rounding errors


def mean_squared_error(h: Float[Tensor, "runs batch d_in"], decoded: Float[Tensor, "runs batch d_in"]) -> Tensor:
    return (decoded - h).square().mean(dim=(1, 2))


def sparsity(f: Float[Tensor, "runs batch d_sae"], W_dec: Float[Tensor, "runs d_sae d_in"]) -> Tensor:
    """|f|₁ with each latent times the length of its decoder row: longer rows would make f smaller at no cost."""
    return (f.mean(dim=1) * W_dec.norm(dim=2)).sum(dim=1)


@dataclass
class RunningMean:
    """h_avg of every latent, started from the first batch that activates it; without gradient."""

    mean: Float[Tensor, "runs d_in d_sae"]
    started: Float[Tensor, "runs 1 d_sae"]
    momentum: float

    @classmethod
    def empty(cls, runs: int, d_in: int, d_sae: int, momentum: float, device: torch.device) -> "RunningMean":
        mean, started = torch.zeros(runs, d_in, d_sae, device=device), torch.zeros(runs, 1, d_sae, device=device)
        return cls(mean, started, momentum)

    @torch.no_grad()
    def add(self, h: Float[Tensor, "runs batch d_in"], active: Float[Tensor, "runs batch d_sae"]) -> None:
        """Update by equation 6; `active` is 1 where a latent fires. A latent silent in the batch keeps its mean."""
        n = active.sum(dim=1, keepdim=True)
        weight = torch.where(self.started > 0, 1 - self.momentum, 1.0) * (n > 0)
        batch_mean = torch.bmm(h.transpose(1, 2), active) / n.clamp_min(1)
        self.mean.lerp_(batch_mean, weight.expand_as(batch_mean))
        self.started = self.started.maximum((n > 0).float())


class NeuronEmbeddingTerm(torch.autograd.Function):
    """1 − the weighted mean of the cosines of h_avg ⊙ w and h ⊙ w, for each run, as a function of W_enc alone.

    With w² = w ⊙ w the cosine is (h_avg ⊙ h)·w² / √((h_avg ⊙ h_avg)·w² × (h ⊙ h)·w²): matrix products of the batch
    with [d_in d_sae]. The gradient is written by hand, which takes two more of them.
    """

    @staticmethod
    def forward(ctx, W_enc, h, h_avg, weights):
        squares = W_enc.square()
        lengths = torch.bmm(h.square(), squares).clamp_min_(LEAST)
        lengths_avg = (h_avg.square() * squares).sum(dim=1, keepdim=True).clamp_min(LEAST)
        scale = (lengths * lengths_avg).rsqrt_().mul_(weights)
        cosines = torch.bmm(h, h_avg * squares).mul_(scale)
        ctx.save_for_backward(W_enc, h, h_avg, scale, cosines, lengths, lengths_avg)
        return weights.sum(dim=(1, 2)) - cosines.sum(dim=(1, 2))

    @staticmethod
    def backward(ctx, grad):
        W_enc, h, h_avg, scale, cosines, lengths, lengths_avg = ctx.saved_tensors
        along = h_avg * torch.bmm(h.transpose(1, 2), scale)
        along -= 0.5 * torch.bmm(h.square().transpose(1, 2), cosines / lengths)
        along -= 0.5 * h_avg.square() * (cosines.sum(dim=1, keepdim=True) / lengths_avg)
        return along.mul_(W_enc).mul_(-2 * grad[:, None, None]), None, None, None


def neuron_embedding_term(
    W_enc: Float[Tensor, "runs d_in d_sae"],
    h: Float[Tensor, "runs batch d_in"],
    h_avg: Float[Tensor, "runs d_in d_sae"],
    active: Float[Tensor, "runs batch d_sae"],
    over: str,
) -> Float[Tensor, " runs"]:
    """L_N (equation 4); 0 for a run without an active latent. For `over` see `shares`."""
    return NeuronEmbeddingTerm.apply(W_enc, h, h_avg, shares(active, over))


def shares(active: Float[Tensor, "runs batch d_sae"], over: str) -> Float[Tensor, "runs batch d_sae"]:
    """Weight of each active pair: the same for all `pairs` or for all active `latents`, in a mean; 1 / batch in a sum.

    With `pairs`, latents that fire often dominate, and those that fire rarely stay as mixed as they are. The sum over
    an input's active latents, mean over `inputs`, is `pairs` times the number of active latents of an input.
    """
    if over == "inputs":
        return active / active.shape[1]
    if over == "pairs":
        return active / active.sum(dim=(1, 2), keepdim=True).clamp_min(1)
    n = active.sum(dim=1, keepdim=True)
    return active / (n * (n > 0).sum(dim=2, keepdim=True)).clamp_min(1)
