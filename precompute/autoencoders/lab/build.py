"""Build the lab: images, the classifier, the sweep of autoencoders, and two atlases.

`OUT` is the atlas of latents: a standard and a neuron-embedding autoencoder as its two layers, and the whole sweep in
`OUT/lab`. `OUT-mlp` is the atlas of the classifier's own hidden neurons, which read pixels: layers that read different
spaces cannot share an atlas. The same command resumes a stopped lab.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ne_core.method.mlp import MLP, accuracy
from ne_core.sharing.atomic_write import check_target
from precompute.autoencoders.images.arrays import ImageSet
from precompute.autoencoders.images.atlas import write_image_atlas
from precompute.autoencoders.lab.images import CLASSES, LabImages
from precompute.autoencoders.lab.layers import image_choices, latent_layers, neuron_layer
from precompute.autoencoders.lab.mlp import MLP_WEIGHTS, train_mlp
from precompute.autoencoders.lab.runs import LabJob, concatenated, one_thread, work_runs
from precompute.autoencoders.lab.settings import LabSettings
from precompute.autoencoders.lab.tables import lab_arrays, pick_displayed_pair, runs_table
from precompute.autoencoders.lab.write import write_lab
from precompute.run.checkpoints import Checkpoints
from precompute.run.code_hash import code_sha256
from precompute.run.engines import LocalEngine
from precompute.run.progress import OnProgress, Progress
from precompute.run.run_folder import run_folder
from precompute.run.work import Work, finish
from precompute.write.atlas import libraries


@dataclass(frozen=True)
class LabSummary:
    """Folders of a finished lab and its main figures."""

    out: Path
    neurons: Path
    n_runs: int
    accuracy: float
    hidden_l0: float


def build_lab(out: Path, images: LabImages, settings: LabSettings, restart: bool = False) -> LabSummary:
    """Build both atlases, the one of the latents last. Raises WriteError, ConfigError or CheckpointError."""
    out, neurons = output_folders(out)
    with run_folder(out, restart) as run:
        run.record_settings(run_conditions(images, settings))
        progress = Progress(n_stages=4, note=run.note)
        with progress.stage("classifier", "epochs") as on_progress, one_thread():
            mlp = trained_classifier(images, settings, run.stage("classifier"), on_progress)
        job = LabJob(settings, mlp, mlp.hidden(images.pixels), images.labels, images.n_train)
        with progress.stage("autoencoders", "runs") as on_progress:
            runs = train_sweep(job, run.stage("runs"), on_progress)
        with progress.stage("atlas of neurons", "images") as on_progress:
            neuron_layers = [neuron_layer(job, images.pixels)]
            choices = image_choices(neurons, images, job, "neurons", settings.neuron_cut)
            write_image_atlas(neurons, image_set(images), neuron_layers, choices, progress=on_progress)
        with progress.stage("atlas of latents", "images") as on_progress:
            write_latents(out, neurons, images, job, runs, on_progress)
        run.remove()
    held_out = job.h[images.n_train :]
    test_accuracy = accuracy(mlp, held_out, images.labels[images.n_train :])
    return LabSummary(out, neurons, len(settings.sweep.runs), test_accuracy, float((held_out > 0).sum(axis=1).mean()))


def output_folders(out: Path) -> tuple[Path, Path]:
    """Return the folders of both atlases. Raises WriteError where one of them cannot be written."""
    out = out if out.name else Path(os.path.abspath(out))
    neurons = out.with_name(f"{out.name}-mlp")
    for target in (out, neurons):
        check_target(target)
    return out, neurons


def run_conditions(images: LabImages, settings: LabSettings) -> dict:
    """Return all conditions that shape the result; a run started under other conditions is not resumed."""
    return {
        "settings": settings.to_dict(),
        "images": images.facts,
        "library versions": libraries(),
        "code of this project": code_sha256(__name__),
    }


def trained_classifier(
    images: LabImages, settings: LabSettings, checkpoints: Checkpoints, on_progress: OnProgress
) -> MLP:
    """Return the classifier, trained now or loaded from its checkpoint."""
    if 0 not in checkpoints.done():
        trained = train_mlp(images, settings.mlp, on_progress)
        checkpoints.save(0, {name: getattr(trained, name) for name in MLP_WEIGHTS})
    return MLP(**{name: checkpoints.load(0)[name] for name in MLP_WEIGHTS})


def train_sweep(job: LabJob, checkpoints: Checkpoints, on_progress: OnProgress) -> dict[str, np.ndarray]:
    """Train and measure all runs; return their weights and measures by name."""
    units = job.settings.sweep.units
    finish(
        Work(work_runs, job, range(len(units)), cores=1, size=lambda unit: len(units[unit])),
        checkpoints,
        LocalEngine(),
        on_progress,
    )
    return concatenated([checkpoints.load(unit) for unit in range(len(units))])


def image_set(images: LabImages) -> ImageSet:
    return ImageSet(images.images, images.labels, CLASSES)


def write_latents(
    out: Path, neurons: Path, images: LabImages, job: LabJob, runs: dict[str, np.ndarray], on_progress: OnProgress
) -> None:
    """Write the atlas of latents: the displayed pair of runs as layers, all runs in `lab/`."""
    table = runs_table(job, runs)
    pair = pick_displayed_pair(table)
    arrays = lab_arrays(images, job, runs, table, pair, neurons.name)
    layers, choices = latent_layers(job, runs, pair), image_choices(out, images, job, "latents", job.settings.cut)
    write_image_atlas(out, image_set(images), layers, choices, lambda folder: write_lab(folder, arrays), on_progress)
