"""Train many sparse autoencoders at once: each run has its own weights, batches and settings, on the same inputs.

The result of a run depends on its own settings and seed alone, up to rounding in the shared matrix products.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ne_core.method.sae import SAE
from precompute.autoencoders.loss.loss import OVER, RunningMean, mean_squared_error, neuron_embedding_term, sparsity
from precompute.autoencoders.loss.refit import refit
from precompute.run.progress import OnProgress, silent


class TrainingError(ValueError):
    """A setting is invalid; the message says in one line which values are valid."""


@dataclass(frozen=True)
class Run:
    """Settings of one run: λ1 and λ2 of equation 5, and the seed of its weights and batches."""

    lambda1: float
    lambda2: float
    seed: int


@dataclass(frozen=True)
class Training:
    """Settings that all runs share."""

    d_sae: int = 512
    steps: int = 6_000
    batch: int = 256
    learning_rate: float = 1e-3
    warm_up: int = 50  # steps until the full learning rate
    decay: float = 0.3  # share of the steps, at the end, over which it falls to 0
    momentum: float = 0.9  # m of equation 6
    ne_start: int = 200  # step from which the neuron-embedding term counts
    ne_over: str = "latents"  # mean over `latents` or `pairs`, or sum for each of the `inputs`; see `loss.shares`
    waking: float = 3.0  # rise of a silent latent's bias in a step, in learning rates; see `wake`

    def __post_init__(self):
        for name in ("d_sae", "steps", "batch"):
            if getattr(self, name) < 1:
                raise TrainingError(f"{name.replace('_', '-')}: {getattr(self, name)} is not 1 or more")
        if not self.learning_rate > 0:
            raise TrainingError(f"learning-rate: {self.learning_rate} is not above 0")
        if self.ne_over not in OVER:
            raise TrainingError(f"ne-over: {self.ne_over!r} is not {', '.join(OVER[:-1])} or {OVER[-1]}")
        if not 0 <= self.waking < math.inf:
            raise TrainingError(f"waking: {self.waking} is not 0 or above")

    def rate(self, step: int) -> float:
        """Learning rate of a step, numbered from 0."""
        return self.learning_rate * min(
            1.0, (step + 1) / self.warm_up, (self.steps - step) / max(1, self.decay * self.steps)
        )


@dataclass
class State:
    """Weights of all runs during training; inputs are scaled to a mean square of 1."""

    W_enc: Float[Tensor, "runs d_in d_sae"]
    b_enc: Float[Tensor, "runs 1 d_sae"]
    W_dec: Float[Tensor, "runs d_sae d_in"]
    b_dec: Float[Tensor, "runs 1 d_in"]

    def parameters(self) -> list[Tensor]:
        return [self.W_enc, self.b_enc, self.W_dec, self.b_dec]


def train(
    x: Float[Tensor, "n d_in"],
    runs: Sequence[Run],
    training: Training,
    progress: OnProgress = silent,
) -> list[SAE]:
    """Train one autoencoder for each run; its decoder is refitted at the end (refit.py)."""
    scale = x.square().mean().sqrt().clamp_min(1e-12)
    h, generators = x / scale, [torch.Generator().manual_seed(run.seed) for run in runs]
    state = initial_state(h, generators, training.d_sae)
    trainer = Trainer(h, state, runs, training)
    with no_denormals():
        for step in range(training.steps):
            trainer.step(step, batches(generators, len(h), training.batch).to(h.device))
            progress(step + 1, training.steps)
    return [final_sae(h, state, index, float(scale)) for index in range(len(runs))]


@contextmanager
def no_denormals() -> Iterator[None]:
    """Flush denormal numbers to 0.

    The running means of latents that stop firing shrink to denormal numbers, which make a step ten times as slow.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def initial_state(h: Float[Tensor, "n d_in"], generators: Sequence[torch.Generator], d_sae: int) -> State:
    """Decoder rows of length 1 in random directions, the encoder their transpose, around the mean input."""
    W_dec = torch.stack([torch.randn(d_sae, h.shape[1], generator=each) for each in generators]).to(h)
    W_dec /= W_dec.norm(dim=2, keepdim=True)
    b_dec = h.mean(dim=0).expand(len(generators), 1, -1).clone()
    W_enc = W_dec.transpose(1, 2).clone()
    state = State(W_enc, -torch.bmm(b_dec, W_enc), W_dec, b_dec)
    for parameter in state.parameters():
        parameter.requires_grad_()
    return state


def batches(generators: Sequence[torch.Generator], n: int, batch: int) -> Tensor:
    """Indices of the inputs of each run in a step, [runs batch]."""
    return torch.stack([torch.randint(n, (batch,), generator=each) for each in generators])


class Trainer:
    """State of training: weights, optimizer, running means, and the steps since each latent fired."""

    def __init__(self, h: Float[Tensor, "n d_in"], state: State, runs: Sequence[Run], training: Training):
        self.h, self.state, self.training = h, state, training
        self.lambda1, self.lambda2 = (
            torch.tensor([getattr(run, name) for run in runs]).to(h) for name in ("lambda1", "lambda2")
        )
        self.optimizer = torch.optim.Adam(state.parameters(), lr=training.learning_rate)
        self.average = RunningMean.empty(len(runs), h.shape[1], training.d_sae, training.momentum, h.device)
        self.silent = torch.zeros(len(runs), 1, training.d_sae, device=h.device)  # steps since each latent fired

    def step(self, step_index: int, rows: Tensor) -> Float[Tensor, " runs"]:
        """Take one step of gradient descent on the inputs at `rows` [runs batch]; return the loss of each run."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.training.rate(step_index)
        h = self.h[rows]
        loss = self.loss(h, step_index)
        self.optimizer.zero_grad()
        loss.sum().backward()  # each run's weights see its own loss alone
        self.optimizer.step()
        self.wake(step_index)
        return loss.detach()

    def loss(self, h: Float[Tensor, "runs batch d_in"], step_index: int) -> Float[Tensor, " runs"]:
        """Equation 5, its last term from step `ne_start` on; updates the running means by equation 6."""
        state = self.state
        f = torch.relu(torch.baddbmm(state.b_enc, h, state.W_enc))
        decoded = torch.baddbmm(state.b_dec, f, state.W_dec)
        loss = mean_squared_error(h, decoded) + self.lambda1 * sparsity(f, state.W_dec)
        active = (f.detach() > 0).to(h.dtype)
        self.silent = (self.silent + 1) * (active.amax(dim=1, keepdim=True) == 0)
        if not self.lambda2.any():
            return loss
        self.average.add(h, active)
        if step_index < self.training.ne_start:
            return loss
        return loss + self.lambda2 * self.ne(h, active)

    def ne(self, h: Float[Tensor, "runs batch d_in"], active: Float[Tensor, "runs batch d_sae"]) -> Tensor:
        return neuron_embedding_term(self.state.W_enc, h, self.average.mean, active, self.training.ne_over)

    @torch.no_grad()
    def wake(self, step_index: int) -> None:
        """Raise the bias of latents that were silent for a whole pass over the inputs, and so have no gradient."""
        silent_for_a_pass = self.silent * self.training.batch >= len(self.h)
        self.state.b_enc += silent_for_a_pass * (self.training.waking * self.training.rate(step_index))


def final_sae(h: Float[Tensor, "n d_in"], state: State, run_index: int, scale: float) -> SAE:
    """Autoencoder of a run in the scale of the original inputs: f and ĥ have their units."""
    W_enc, b_enc, W_dec, b_dec = (each.detach()[run_index] for each in state.parameters())
    f = torch.relu(torch.addmm(b_enc, h, W_enc))
    W_dec, b_dec = refit(f, h, W_dec, b_dec[0])
    arrays = (W_enc, b_enc[0] * scale, W_dec, b_dec * scale)
    return SAE(*(each.cpu().numpy().astype(np.float32) for each in arrays))
