"""What the neuron-embedding term costs: a step of training with it against the same step without it."""

import time
from statistics import median

import torch

from precompute.autoencoders.loss.train import Run, Trainer, Training, batches, initial_state
from tests.bench.figures import Figures

D_IN, D_SAE, N, BATCH = 64, 512, 8000, 256  # the lab's shape on MNIST
ROUNDS, STEPS = 15, 20


def measure(figures: Figures) -> None:
    """On one thread, as the lab trains; rounds of both take turns, so that a slow moment meets both."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    trainers = {lambda2: trainer(lambda2) for lambda2 in (0.0, 1.0)}
    seconds = {lambda2: [] for lambda2 in trainers}
    for _ in range(ROUNDS):
        for lambda2, one in trainers.items():
            seconds[lambda2].append(round_of(one))
    torch.set_num_threads(before)
    without, with_it = (median(each) / STEPS for each in seconds.values())
    figures.add("sae_step_ms", 1e3 * without, "ms")
    figures.add("ne_term_step_cost", with_it / without, "x")


def trainer(lambda2: float) -> Trainer:
    """One run past its warm-up, so that the term counts from the first step on."""
    rng = torch.Generator().manual_seed(0)
    h, how = torch.rand(N, D_IN, generator=rng), Training(d_sae=D_SAE, batch=BATCH, ne_start=0)
    return Trainer(h, initial_state(h, [rng], D_SAE), [Run(0.02, lambda2, 0)], how)


def round_of(one: Trainer) -> float:
    rng = torch.Generator().manual_seed(1)
    begun = time.perf_counter()
    for step in range(STEPS):
        one.step(step, batches([rng], N, BATCH))
    return time.perf_counter() - begun
