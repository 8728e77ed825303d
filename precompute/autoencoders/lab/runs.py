"""A unit of the sweep: some runs trained together, rounded to what is stored, and measured as they are stored."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int

from ne_core.method.mlp import MLP, accuracy
from ne_core.method.sae import SAE
from precompute.autoencoders.lab.settings import LabError, LabSettings
from precompute.autoencoders.loss.measures import MEANING, meanings, reconstruction
from precompute.autoencoders.loss.train import train

WEIGHTS = {"W_enc": np.float16, "b_enc": np.float32, "W_dec": np.float16, "b_dec": np.float32}  # as they are stored


@dataclass(frozen=True)
class LabJob:
    """What all units share: hidden activations of all images, those trained on first, and what reads them."""

    settings: LabSettings
    mlp: MLP
    h: Float[np.ndarray, "n d_hidden"]
    labels: Int[np.ndarray, " n"]
    n_train: int


def work_runs(job: LabJob, unit: int) -> dict[str, np.ndarray]:
    """By name: the weights and the measures of the unit's runs, in order.

    Raises LabError for a run in which nothing fires: there is nothing to compare it by.
    """
    chosen = [job.settings.sweep.runs[number] for number in job.settings.sweep.units[unit]]
    with one_thread():
        trained = train(torch.from_numpy(job.h[: job.n_train]), chosen, job.settings.training)
    stored = [rounded(sae) for sae in trained]
    measured = [measured_run(job, SAE(**widened(arrays))) for arrays in stored]
    for run, found in zip(chosen, measured, strict=True):
        if found["dead_share"] == 1:
            raise LabError(f"lambda1: {run.lambda1:g} lets no latent fire (lambda2 {run.lambda2:g}): less would")
    weights = {name: np.stack([arrays[name] for arrays in stored]) for name in WEIGHTS}
    return weights | {name: np.array([found[name] for found in measured]) for name in MEANING}


@contextmanager
def one_thread() -> Iterator[None]:
    """Small products wait longer for each other's threads than they compute; and one rounds alike wherever it runs."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def rounded(sae: SAE) -> dict[str, np.ndarray]:
    """As they are stored. Raises LabError for weights that cannot be."""
    with np.errstate(over="ignore", invalid="ignore"):
        stored = {name: getattr(sae, name).astype(dtype) for name, dtype in WEIGHTS.items()}
    for name, values in stored.items():
        if not np.isfinite(values).all():
            raise LabError(f"training made a weight of {name} beyond {values.dtype}: a lower learning rate would not")
    return stored


def widened(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """In float32, for arithmetic."""
    return {name: arrays[name].astype(np.float32) for name in WEIGHTS}


def measured_run(job: LabJob, sae: SAE) -> dict[str, float]:
    """Reconstruction on held-out images; meanings on those that were trained on."""
    trained, held_out = job.h[: job.n_train], job.h[job.n_train :]
    f = sae.latents(held_out)
    decoded = sae.reconstruction(f)
    found = reconstruction(held_out, f, decoded) | {"accuracy_lost": accuracy_lost(job, decoded)}
    return found | meanings(trained, sae.W_enc, sae.latents(trained) > 0, job.settings.cut)


def accuracy_lost(job: LabJob, decoded: Float[np.ndarray, "n d_hidden"]) -> float:
    """In points, on the held-out images."""
    labels, h = job.labels[job.n_train :], job.h[job.n_train :]
    return 100 * (accuracy(job.mlp, h, labels) - accuracy(job.mlp, decoded, labels))


def identity(job: LabJob) -> dict[str, float]:
    """The same measures of the dictionary of single inputs: each hidden neuron is its own latent."""
    d = job.h.shape[1]
    one = np.eye(d, dtype=np.float32)
    return measured_run(job, SAE(one, np.zeros(d, np.float32), one, np.zeros(d, np.float32)))


def joined(units: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """All runs in order, from all units in order."""
    return {name: np.concatenate([unit[name] for unit in units]) for name in (*WEIGHTS, *MEANING)}
