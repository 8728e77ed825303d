"""The lab's table of runs, the displayed pair, and all arrays and facts of `lab/`."""

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np

from ne_core.lab.sweep import SEVERAL
from ne_core.method.mlp import accuracy
from precompute.autoencoders.lab.compare import nearest_in_l0
from precompute.autoencoders.lab.images import CLASSES, LabImages
from precompute.autoencoders.lab.mlp import MLP_WEIGHTS
from precompute.autoencoders.lab.runs import WEIGHTS, LabJob, identity
from precompute.autoencoders.lab.write import LabArrays
from precompute.autoencoders.loss.measures import MEANING


def runs_table(job: LabJob, runs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """A row for each run: its settings and its measures."""
    sweep = job.settings.sweep.runs
    settings = {name: np.array([getattr(run, name) for run in sweep]) for name in ("seed", "lambda1", "lambda2")}
    return {"run": np.arange(len(sweep)), **settings, **{name: runs[name] for name in MEANING}}


def pick_displayed_pair(table: Mapping[str, np.ndarray]) -> dict[str, int]:
    """Pick the run numbers of the displayed pair, `standard` and `ne`.

    The NE run has the least mean distance of those whose median latent reads two inputs or more; if there is none, it
    is the one that reads most inputs. The standard run is the one of the same seed with the nearest L0.
    """
    trained = np.flatnonzero(table["lambda2"] > 0)
    several = trained[table["effective_inputs"][trained] >= SEVERAL]
    if len(several):
        ne = several[table["mean_distance"][several].argmin()]
    else:
        ne = trained[table["effective_inputs"][trained].argmax()]
    return {"standard": nearest_in_l0(table, int(ne)), "ne": int(ne)}


def lab_arrays(
    images: LabImages,
    job: LabJob,
    runs: Mapping[str, np.ndarray],
    table: Mapping[str, np.ndarray],
    pair: Mapping[str, int],
    neurons: str,
) -> LabArrays:
    weights = {f"mlp_{name}": getattr(job.mlp, name) for name in MLP_WEIGHTS}
    facts = {
        "neurons_atlas": neurons,
        "pixel_max": images.pixel_max,
        "n_train": images.n_train,
        "classes": CLASSES,
        "cut": job.settings.cut,
        "max_examples": job.settings.most_examples,
        "data": images.facts,
        "mlp": mlp_facts(job),
        "settings": asdict(job.settings.training),
        "shown": dict(pair),
        "identity": identity(job),
        "measures": MEANING,
    }
    return LabArrays(labels=images.labels, **weights, **{name: runs[name] for name in WEIGHTS}, runs=table, facts=facts)


def mlp_facts(job: LabJob) -> dict:
    """Training settings and accuracy of the classifier; hidden L0 is on held-out images, as for the autoencoders."""
    trained, held_out = slice(0, job.n_train), slice(job.n_train, None)
    return {
        **asdict(job.settings.mlp),
        "accuracy_train": accuracy(job.mlp, job.h[trained], job.labels[trained]),
        "accuracy_test": accuracy(job.mlp, job.h[held_out], job.labels[held_out]),
        "hidden_l0": float((job.h[held_out] > 0).sum(axis=1).mean()),
    }
