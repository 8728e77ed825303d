"""Unit of the sweep: some runs trained together, rounded to the stored precision, and measured as stored."""

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
    """Data that all units share: hidden activations of all images, training images first, and the classifier."""

    settings: LabSettings
    mlp: MLP
    h: Float[np.ndarray, "n d_hidden"]
    labels: Int[np.ndarray, " n"]
    n_train: int


def work_runs(job: LabJob, unit: int) -> dict[str, np.ndarray]:
    """Weights and measures of the unit's runs, in order, by name.

    Raises LabError for a run without an active latent: it has nothing to compare.
    """
    runs = [job.settings.sweep.runs[index] for index in job.settings.sweep.units[unit]]
    with one_thread():
        trained = train(torch.from_numpy(job.h[: job.n_train]), runs, job.settings.training)
    stored = [rounded(sae) for sae in trained]
    measures_of_runs = [run_measures(job, SAE(**widened(arrays))) for arrays in stored]
    for run, measures in zip(runs, measures_of_runs, strict=True):
        if measures["dead_share"] == 1:
            raise LabError(
                f"lambda1: {run.lambda1:g} leaves no latent active (lambda2 {run.lambda2:g}): use a smaller lambda1"
            )
    weights = {name: np.stack([arrays[name] for arrays in stored]) for name in WEIGHTS}
    return weights | {name: np.array([measures[name] for measures in measures_of_runs]) for name in MEANING}


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread.

    For small products threads cost more than they gain, and rounding is then the same on every machine.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def rounded(sae: SAE) -> dict[str, np.ndarray]:
    """Weights in the stored precision. Raises LabError for weights that it cannot hold."""
    with np.errstate(over="ignore", invalid="ignore"):
        stored = {name: getattr(sae, name).astype(dtype) for name, dtype in WEIGHTS.items()}
    for name, values in stored.items():
        if not np.isfinite(values).all():
            raise LabError(f"training made a weight of {name} beyond {values.dtype}: use a lower learning rate")
    return stored


def widened(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Weights in float32, for arithmetic."""
    return {name: arrays[name].astype(np.float32) for name in WEIGHTS}


def run_measures(job: LabJob, sae: SAE) -> dict[str, float]:
    """Reconstruction on held-out images; meanings on training images."""
    trained, held_out = job.h[: job.n_train], job.h[job.n_train :]
    f = sae.latents(held_out)
    decoded = sae.reconstruction(f)
    measures = reconstruction(held_out, f, decoded) | {"accuracy_lost": accuracy_lost(job, decoded)}
    return measures | meanings(trained, sae.W_enc, sae.latents(trained) > 0, job.settings.cut)


def accuracy_lost(job: LabJob, decoded: Float[np.ndarray, "n d_hidden"]) -> float:
    """Accuracy lost on held-out images, in percentage points."""
    labels, h = job.labels[job.n_train :], job.h[job.n_train :]
    return 100 * (accuracy(job.mlp, h, labels) - accuracy(job.mlp, decoded, labels))


def identity(job: LabJob) -> dict[str, float]:
    """Measures of the dictionary of single inputs: each hidden neuron is its own latent."""
    d = job.h.shape[1]
    one = np.eye(d, dtype=np.float32)
    return run_measures(job, SAE(one, np.zeros(d, np.float32), one, np.zeros(d, np.float32)))


def concatenated(units: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Arrays of all runs, in the order of the units."""
    return {name: np.concatenate([unit[name] for unit in units]) for name in (*WEIGHTS, *MEANING)}
