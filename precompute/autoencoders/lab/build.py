"""The lab in its order: images, the classifier, the sweep of autoencoders, and two atlases made of them.

`OUT` is the atlas of latents: a standard and a neuron-embedding autoencoder as its two layers, and the whole sweep in
`OUT/lab`. `OUT-mlp` is the atlas of the classifier's own hidden neurons, which read pixels: layers that read different
spaces share no atlas. A lab that was stopped goes on where it was, by the same command.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ne_core.method.mlp import MLP, accuracy
from ne_core.sharing.atomic_write import check_target
from precompute.autoencoders.images.arrays import ImageSet
from precompute.autoencoders.images.atlas import write_image_atlas
from precompute.autoencoders.lab.images import CLASSES, LabImages
from precompute.autoencoders.lab.layers import choices_of, latent_layers, neuron_layer
from precompute.autoencoders.lab.mlp import MLP_WEIGHTS, train_mlp
from precompute.autoencoders.lab.runs import LabJob, joined, one_thread, work_runs
from precompute.autoencoders.lab.settings import LabSettings
from precompute.autoencoders.lab.tables import lab_arrays, runs_table, shown_runs
from precompute.autoencoders.lab.write import write_lab
from precompute.run.checkpoints import Checkpoints
from precompute.run.code_hash import code_sha256
from precompute.run.engines import LocalEngine
from precompute.run.progress import Progress
from precompute.run.run_folder import run_folder
from precompute.run.work import Work, finish
from precompute.write.atlas import libraries

FEW_STEPS = 5_000  # fewer than these, of all runs, are done before a pool of workers has started


@dataclass(frozen=True)
class LabMade:
    """What a finished lab has to tell."""

    out: Path
    neurons: Path
    n_runs: int
    accuracy: float
    hidden_l0: float


def build_lab(out: Path, images: LabImages, settings: LabSettings, restart: bool = False) -> LabMade:
    """Both atlases, that of the latents last. Raises WriteError, ConfigError or CheckpointError in one line."""
    out, neurons = places(out)
    with run_folder(out, restart) as run:
        run.record_settings(surroundings(images, settings))
        progress = Progress(n_stages=4, note=run.note)
        with progress.stage("classifier", "epochs") as told, one_thread():
            mlp = classifier(images, settings, run.stage("classifier"), told)
        job = LabJob(settings, mlp, mlp.hidden(images.pixels), images.labels, images.n_train)
        with progress.stage("autoencoders", "runs") as told:
            runs = swept(job, run.stage("runs"), told)
        with progress.stage("atlas of neurons", "images") as told:
            layers = [neuron_layer(job, images.pixels)]
            choices = choices_of(neurons, images, job, "neurons", settings.neuron_cut)
            write_image_atlas(neurons, image_set(images), layers, choices, progress=told)
        with progress.stage("atlas of latents", "images") as told:
            write_latents(out, neurons, images, job, runs, told)
        run.remove()
    held_out = job.h[images.n_train :]
    right = accuracy(mlp, held_out, images.labels[images.n_train :])
    return LabMade(out, neurons, len(settings.sweep.runs), right, float((held_out > 0).sum(axis=1).mean()))


def places(out: Path) -> tuple[Path, Path]:
    """Where both atlases go. Raises WriteError where one of them cannot."""
    out = out if out.name else Path(os.path.abspath(out))
    neurons = out.with_name(f"{out.name}-mlp")
    for target in (out, neurons):
        check_target(target)
    return out, neurons


def surroundings(images: LabImages, settings: LabSettings) -> dict:
    """What shapes the result: another of these does not go on from a half-done run."""
    return {
        "settings": settings.to_dict(),
        "images": images.facts,
        "library versions": libraries(),
        "code of this project": code_sha256(__name__),
    }


def classifier(images: LabImages, settings: LabSettings, kept: Checkpoints, told: Callable[[int, int], None]) -> MLP:
    """Trained, or as an earlier run has left it."""
    if 0 not in kept.done():
        trained = train_mlp(images, settings.mlp, told)
        kept.save(0, {name: getattr(trained, name) for name in MLP_WEIGHTS})
    return MLP(**{name: kept.load(0)[name] for name in MLP_WEIGHTS})


def swept(job: LabJob, kept: Checkpoints, told: Callable[[int, int], None]) -> dict[str, np.ndarray]:
    """Weights and measures of all runs, by name."""
    units = job.settings.sweep.units
    finish(
        Work(work_runs, job, range(len(units)), cores=1, size=lambda unit: len(units[unit])), kept, LocalEngine(), told
    )
    return joined([kept.load(unit) for unit in range(len(units))])


def image_set(images: LabImages) -> ImageSet:
    return ImageSet(images.images, images.labels, CLASSES)


def write_latents(
    out: Path, neurons: Path, images: LabImages, job: LabJob, runs: dict[str, np.ndarray], told: Callable
) -> None:
    """The pair of runs that is shown, as layers; all of them beside."""
    table = runs_table(job, runs)
    shown = shown_runs(table)
    arrays = lab_arrays(images, job, runs, table, shown, neurons.name)
    layers, choices = latent_layers(job, runs, shown), choices_of(out, images, job, "latents", job.settings.cut)
    write_image_atlas(out, image_set(images), layers, choices, lambda folder: write_lab(folder, arrays), told)
