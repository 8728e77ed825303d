"""Cost of the neuron-embedding term: a step of training with it compared with a step without it."""

import time
from statistics import median

import torch

from precompute.autoencoders.loss.train import Run, Trainer, Training, batches, initial_state
from tests.bench.figures import Figures

D_IN, D_SAE, N, BATCH = 64, 512, 8000, 256  # the lab's shape on MNIST
ROUNDS, STEPS = 15, 20


def measure(figures: Figures) -> None:
    """Measure on one thread, as the lab trains; rounds of both alternate, so that a slow moment affects both."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    trainers = {lambda2: trainer(lambda2) for lambda2 in (0.0, 1.0)}
    seconds = {lambda2: [] for lambda2 in trainers}
    for _ in range(ROUNDS):
        for lambda2, each_trainer in trainers.items():
            seconds[lambda2].append(round_seconds(each_trainer))
    torch.set_num_threads(n_threads)
    without_term, with_term = (median(values) / STEPS for values in seconds.values())
    figures.add("sae_step_ms", 1e3 * without_term, "ms")
    figures.add("ne_term_step_cost", with_term / without_term, "x")


def trainer(lambda2: float) -> Trainer:
    """Return a run past its warm-up, so that the term counts from the first step on."""
    rng = torch.Generator().manual_seed(0)
    h, how = torch.rand(N, D_IN, generator=rng), Training(d_sae=D_SAE, batch=BATCH, ne_start=0)
    return Trainer(h, initial_state(h, [rng], D_SAE), [Run(0.02, lambda2, 0)], how)


def round_seconds(trainer: Trainer) -> float:
    rng = torch.Generator().manual_seed(1)
    start = time.perf_counter()
    for step in range(STEPS):
        trainer.step(step, batches([rng], N, BATCH))
    return time.perf_counter() - start
