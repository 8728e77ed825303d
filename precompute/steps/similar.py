"""Similar features of every feature in every space, computed on this machine, which has the vectors on disk."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ne_core.method.alignment import Aligner
from ne_core.method.similar import OF_ONE_LAYER, SPACES
from precompute.run.checkpoints import Checkpoints, new_array
from precompute.run.mapped import release_pages
from precompute.run.step import Step
from precompute.run.work import Load, Work
from precompute.steps.aligned import layer_aligners
from precompute.steps.index import (
    NOT_ALIGNED,
    Indexed,
    SimilarJob,
    feature_columns,
    owners,
    similar_from,
    space_shape,
    space_vectors,
    work_similar,
)
from precompute.steps.layer_features import LayerFeatures, Texts
from precompute.steps.rows import CollectedLayer

FEW_FEATURES = 8_192  # with fewer, starting a pool of workers takes longer than the search


def similar_work(features: Sequence[LayerFeatures], rows: Sequence[CollectedLayer], checkpoints: Checkpoints) -> Work:
    spaces, aligners = OF_ONE_LAYER, NOT_ALIGNED
    if len(features) > 1:
        spaces = tuple(SPACES)
        aligners = layer_aligners(features, {layer.rows.layer: layer.embedder for layer in rows})
    files = {space: vectors_file(checkpoints.folder, features, space, aligners) for space in spaces}
    job = SimilarJob(files, owners(features))
    few = len(job.owner) < FEW_FEATURES
    return Work(work_similar, job, range(job.n_units), 1, few=few, local=True)


def vectors_file(
    folder: Path, layers: Sequence[LayerFeatures], space: str, aligners: Mapping[int, Aligner] = NOT_ALIGNED
) -> Path:
    """Write the central vectors of one space to a file that every worker of this machine maps."""
    path, (n_features, d_in) = folder / f"{space}.npy", space_shape(layers)
    vectors = new_array(path, np.float32, (max(n_features, 1), d_in))  # an empty file cannot be mapped
    space_vectors(layers, space, vectors[:n_features], aligners)
    for layer in layers:
        release_pages(layer.rows.x)
    return path


def indexed(
    features: Sequence[LayerFeatures], texts: Texts, names: Mapping[str, np.ndarray], work: Work, load: Load
) -> Indexed:
    """Return the columns of all features except their positions on the map, and their vectors."""
    files, n_features = work.job.vectors, len(work.job.owner)
    columns = {**feature_columns(features, texts.tokens), **names, **similar_from(work.job, load)}
    return Indexed(columns, {space: np.load(file, mmap_mode="r")[:n_features] for space, file in files.items()})


STEP = Step("similar", "similar features", "searches", indexed, similar_work)
