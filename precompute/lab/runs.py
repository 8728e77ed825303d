"""A unit of the sweep: some runs trained together, rounded to what is stored, and measured as they are stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int

from precompute.lab.mlp import Mlp
from precompute.lab.settings import LabSettings
from precompute.sae.dictionary import Sae
from precompute.sae.measures import MEANING, meanings, reconstruction
from precompute.sae.train import train

WEIGHTS = {"W_enc": np.float16, "b_enc": np.float32, "W_dec": np.float16, "b_dec": np.float32}  # as they are stored


@dataclass(frozen=True)
class LabJob:
    """What all units share: hidden activations of all images, those trained on first, and what reads them."""

    settings: LabSettings
    mlp: Mlp
    h: Float[np.ndarray, "n d_hidden"]
    labels: Int[np.ndarray, " n"]
    n_train: int


def work_runs(job: LabJob, unit: int) -> dict[str, np.ndarray]:
    """By name: the weights and the measures of the unit's runs, in order."""
    torch.set_num_threads(1)  # a worker a core; and one thread rounds alike on every machine of a kind
    chosen = [job.settings.sweep.runs[number] for number in job.settings.sweep.units[unit]]
    trained = train(torch.from_numpy(job.h[: job.n_train]), chosen, job.settings.training)
    stored = [rounded(sae) for sae in trained]
    measured = [measured_run(job, Sae(**widened(arrays))) for arrays in stored]
    weights = {name: np.stack([arrays[name] for arrays in stored]) for name in WEIGHTS}
    return weights | {name: np.array([found[name] for found in measured]) for name in MEANING}


def rounded(sae: Sae) -> dict[str, np.ndarray]:
    return {name: getattr(sae, name).astype(dtype) for name, dtype in WEIGHTS.items()}


def widened(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """In float32, for arithmetic."""
    return {name: arrays[name].astype(np.float32) for name in WEIGHTS}


def measured_run(job: LabJob, sae: Sae) -> dict[str, float]:
    """Reconstruction on held-out images; meanings on those that were trained on."""
    held_out = job.h[job.n_train :]
    found = reconstruction(held_out, sae) | {"accuracy_lost": accuracy_lost(job, sae.decoded(sae.latents(held_out)))}
    trained = job.h[: job.n_train]
    return found | meanings(trained, sae.W_enc, sae.latents(trained) > 0, job.settings.cut)


def accuracy_lost(job: LabJob, decoded: Float[np.ndarray, "n d_hidden"]) -> float:
    """In points, on the held-out images."""
    labels, h = job.labels[job.n_train :], job.h[job.n_train :]
    return 100 * (job.mlp.accuracy(h, labels) - job.mlp.accuracy(decoded, labels))


def identity(job: LabJob) -> dict[str, float]:
    """The same measures of the dictionary of single inputs: each hidden neuron is its own latent."""
    d = job.h.shape[1]
    one = np.eye(d, dtype=np.float32)
    return measured_run(job, Sae(one, np.zeros(d, np.float32), one, np.zeros(d, np.float32)))


def joined(units: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """All runs in order, from all units in order."""
    return {name: np.concatenate([unit[name] for unit in units]) for name in (*WEIGHTS, *MEANING)}
