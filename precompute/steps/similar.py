"""Every feature's nearest neighbours in every space, on this machine, where the vectors lie on disk."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ne_core.method.similar import SPACES
from precompute.run.checkpoints import Checkpoints, new_array
from precompute.run.mapped import let_go
from precompute.run.step import Step
from precompute.run.work import Load, Work
from precompute.steps.index import (
    Indexed,
    SimilarJob,
    feature_columns,
    owners,
    similar_from,
    space_shape,
    space_vectors,
    work_similar,
)
from precompute.steps.layer_features import LayerFound, Texts

FEW_FEATURES = 8_192  # fewer are searched before a pool of workers has started


def similar_work(features: Sequence[LayerFound], checkpoints: Checkpoints) -> Work:
    job = SimilarJob({space: vectors_file(checkpoints.folder, features, space) for space in SPACES}, owners(features))
    few = len(job.owner) < FEW_FEATURES
    return Work(work_similar, job, range(job.n_units), 1, few=few, local=True)


def vectors_file(folder: Path, layers: Sequence[LayerFound], space: str) -> Path:
    """The central vectors of one space, as a file that every worker of this machine maps."""
    path, (n_features, d_in) = folder / f"{space}.npy", space_shape(layers)
    vectors = new_array(path, np.float32, (max(n_features, 1), d_in))  # no file maps to nothing
    space_vectors(layers, space, vectors[:n_features])
    for found in layers:
        let_go(found.rows.x)
    return path


def indexed(
    features: Sequence[LayerFound], texts: Texts, names: Mapping[str, np.ndarray], work: Work, load: Load
) -> Indexed:
    """The columns of all features but their places on the map, and their vectors."""
    files, n_features = work.job.vectors, len(work.job.owner)
    columns = {**feature_columns(features, texts.tokens), **names, **similar_from(work.job, load)}
    return Indexed(columns, {space: np.load(file, mmap_mode="r")[:n_features] for space, file in files.items()})


STEP = Step("similar", "similar features", "searches", indexed, similar_work)
