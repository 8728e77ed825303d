"""Train sparse autoencoders, many at once: each run has its own weights, batches and settings, on the same inputs.

A run's numbers depend on its own settings and seed, up to the rounding of products that it shares with its neighbours.
"""

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
    """A choice that cannot be; the message says in one line what would have worked."""


@dataclass(frozen=True)
class Run:
    """What tells one run from another: λ1 and λ2 of equation 5, and the seed of its weights and batches."""

    lambda1: float
    lambda2: float
    seed: int


@dataclass(frozen=True)
class Training:
    """What all runs share."""

    d_sae: int = 512
    steps: int = 6_000
    batch: int = 256
    learning_rate: float = 1e-3
    warm_up: int = 50  # steps until the learning rate is full
    decay: float = 0.3  # share of the steps, the last ones, over which it falls to 0
    momentum: float = 0.9  # m of equation 6
    ne_start: int = 200  # step from which the neuron-embedding term counts
    ne_over: str = "latents"  # what counts alike in it, `latents` or `pairs`; see `loss.shares`
    waking: float = 3.0  # a silent latent's bias rises by so many learning rates a step; see `wake`

    def __post_init__(self):
        for name in ("d_sae", "steps", "batch"):
            if getattr(self, name) < 1:
                raise TrainingError(f"{name.replace('_', '-')}: {getattr(self, name)} is not 1 or more")
        if not self.learning_rate > 0:
            raise TrainingError(f"learning-rate: {self.learning_rate} is not above 0")
        if self.ne_over not in OVER:
            raise TrainingError(f"ne-over: {self.ne_over!r} is not {' or '.join(OVER)}")

    def rate(self, step: int) -> float:
        """The learning rate of a step, numbered from 0."""
        return self.learning_rate * min(
            1.0, (step + 1) / self.warm_up, (self.steps - step) / max(1, self.decay * self.steps)
        )


@dataclass
class State:
    """The weights of all runs while they are trained; inputs are scaled so that their mean square is 1."""

    W_enc: Float[Tensor, "runs d_in d_sae"]
    b_enc: Float[Tensor, "runs 1 d_sae"]
    W_dec: Float[Tensor, "runs d_sae d_in"]
    b_dec: Float[Tensor, "runs 1 d_in"]

    def parameters(self) -> list[Tensor]:
        return [self.W_enc, self.b_enc, self.W_dec, self.b_dec]


def train(
    x: Float[Tensor, "n d_in"],
    runs: Sequence[Run],
    how: Training,
    progress: OnProgress = silent,
) -> list[SAE]:
    """One autoencoder a run; its decoder is refitted at the end (refit.py)."""
    scale = x.square().mean().sqrt().clamp_min(1e-12)
    h, generators = x / scale, [torch.Generator().manual_seed(run.seed) for run in runs]
    state = started(h, generators, how.d_sae)
    trainer = Trainer(h, state, runs, how)
    with no_denormals():
        for step in range(how.steps):
            trainer.step(step, batches(generators, len(h), how.batch).to(h.device))
            progress(step + 1, how.steps)
    return [finished(h, state, number, float(scale)) for number in range(len(runs))]


@contextmanager
def no_denormals() -> Iterator[None]:
    """Running means of what no longer comes shrink for ever; as denormal numbers they make a step ten times as slow."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def started(h: Float[Tensor, "n d_in"], generators: Sequence[torch.Generator], d_sae: int) -> State:
    """Decoder columns of length 1 in random directions, the encoder their transpose, around the mean input."""
    W_dec = torch.stack([torch.randn(d_sae, h.shape[1], generator=each) for each in generators]).to(h)
    W_dec /= W_dec.norm(dim=2, keepdim=True)
    b_dec = h.mean(dim=0).expand(len(generators), 1, -1).clone()
    W_enc = W_dec.transpose(1, 2).clone()
    state = State(W_enc, -torch.bmm(b_dec, W_enc), W_dec, b_dec)
    for parameter in state.parameters():
        parameter.requires_grad_()
    return state


def batches(generators: Sequence[torch.Generator], n: int, batch: int) -> Tensor:
    """Which inputs each run reads in a step, [runs batch]."""
    return torch.stack([torch.randint(n, (batch,), generator=each) for each in generators])


class Trainer:
    """What a step needs besides the weights."""

    def __init__(self, h: Float[Tensor, "n d_in"], state: State, runs: Sequence[Run], how: Training):
        self.h, self.state, self.how = h, state, how
        self.lambda1, self.lambda2 = (
            torch.tensor([getattr(run, name) for run in runs]).to(h) for name in ("lambda1", "lambda2")
        )
        self.optimizer = torch.optim.Adam(state.parameters(), lr=how.learning_rate)
        self.average = RunningMean.empty(len(runs), h.shape[1], how.d_sae, how.momentum, h.device)
        self.silent = torch.zeros(len(runs), 1, how.d_sae, device=h.device)  # steps since each latent fired

    def step(self, number: int, chosen: Tensor) -> Float[Tensor, " runs"]:
        """One step of gradient descent on the inputs of these numbers, [runs batch]; the loss of each run."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.how.rate(number)
        h = self.h[chosen]
        loss = self.loss(h, number)
        self.optimizer.zero_grad()
        loss.sum().backward()  # each run's weights see its own loss alone
        self.optimizer.step()
        self.wake(number)
        return loss.detach()

    def loss(self, h: Float[Tensor, "runs batch d_in"], number: int) -> Float[Tensor, " runs"]:
        """Equation 5, the neuron-embedding term from `ne_start` on; equation 6 on the way."""
        state = self.state
        f = torch.relu(torch.baddbmm(state.b_enc, h, state.W_enc))
        decoded = torch.baddbmm(state.b_dec, f, state.W_dec)
        loss = mean_squared_error(h, decoded) + self.lambda1 * sparsity(f, state.W_dec)
        active = (f.detach() > 0).to(h.dtype)
        self.silent = (self.silent + 1) * (active.amax(dim=1, keepdim=True) == 0)
        if not self.lambda2.any():
            return loss
        self.average.add(h, active)
        if number < self.how.ne_start:
            return loss
        return loss + self.lambda2 * self.ne(h, active)

    def ne(self, h: Float[Tensor, "runs batch d_in"], active: Float[Tensor, "runs batch d_sae"]) -> Tensor:
        return neuron_embedding_term(self.state.W_enc, h, self.average.mean, active, self.how.ne_over)

    @torch.no_grad()
    def wake(self, number: int) -> None:
        """A latent that a whole pass over the inputs left silent has no gradient: its bias rises until it fires."""
        asleep = self.silent * self.how.batch >= len(self.h)
        self.state.b_enc += asleep * (self.how.waking * self.how.rate(number))


def finished(h: Float[Tensor, "n d_in"], state: State, number: int, scale: float) -> SAE:
    """The run's autoencoder of inputs as they came: f is in their units, and so is ĥ."""
    W_enc, b_enc, W_dec, b_dec = (each.detach()[number] for each in state.parameters())
    f = torch.relu(torch.addmm(b_enc, h, W_enc))
    W_dec, b_dec = refit(f, h, W_dec, b_dec[0])
    arrays = (W_enc, b_enc[0] * scale, W_dec, b_dec * scale)
    return SAE(*(each.cpu().numpy().astype(np.float32) for each in arrays))
