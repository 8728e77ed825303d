"""Activating examples and statistics of every layer, joined from the units of collection; a unit is one layer."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ne_core.atlas.file_hash import file_sha256
from ne_core.method.embeddings import Embedder
from ne_core.method.layer import NeuronLayer
from ne_core.method.statistics import InputStatistics
from precompute.config import RunConfig
from precompute.models.source import Source
from precompute.run.checkpoints import CheckpointError, Checkpoints, new_array
from precompute.run.progress import Stage
from precompute.run.step import Step
from precompute.steps.activating_examples import ActivatingExamples
from precompute.steps.collect import layer_rows
from precompute.steps.collect.step import Collected
from precompute.steps.distinct import Endings, endings_of
from precompute.steps.layer_features import Texts
from precompute.steps.sample import LayerStatistics, layer_statistics


@dataclass(frozen=True)
class CollectedLayer:
    """One layer as stored in the run folder."""

    rows: ActivatingExamples
    statistics: LayerStatistics

    @cached_property
    def embedder(self) -> Embedder:
        return Embedder(InputStatistics(self.statistics.input_mean, self.statistics.input_covariance))


def layers_of(
    config: RunConfig,
    texts: Texts,
    source: Source,
    collect: Collected,
    checkpoints: Checkpoints,
    on_progress: Stage,
) -> list[CollectedLayer]:
    """Join the rows of all layers, then delete the units of collection."""
    before, paths = checkpoints.done(), [checkpoints.folder / f"x{layer}.npy" for layer in source.layers]
    on_progress.already(len(before))
    endings = endings_of(config, texts)
    for number, layer in enumerate(source.layers):
        if number in before:
            check_x(paths[number], checkpoints.load(number))
        else:
            checkpoints.save(number, layer_arrays(source, collect, layer, paths[number], endings))
        on_progress(number + 1, len(source.layers))
    collect.units.clear()
    return [
        layer_from(layer, source.layer(layer), checkpoints.load(number), paths[number])
        for number, layer in enumerate(source.layers)
    ]


def layer_arrays(
    source: Source, collect: Collected, layer: int, x: Path, endings: Endings | None
) -> dict[str, np.ndarray]:
    """Return one layer's arrays; x is written to its own file, as it may be larger than memory."""

    def x_into(shape: tuple[int, int]) -> np.ndarray:
        # numpy cannot map an empty file
        return new_array(x, np.float16, shape) if shape[0] else np.zeros(shape, np.float16)

    job, load = collect.job, collect.units.load
    rows = layer_rows(job, layer, collect.gathering.candidates(layer), source.layer(layer), load, x_into, endings)
    statistics = layer_statistics(layer, range(job.n_units), load)
    return {**rows.to_arrays(), **statistics.to_arrays(), "x_sha256": x_sha256(x, rows.x_row)}


def x_sha256(x: Path, x_row: np.ndarray) -> np.ndarray:
    """Return the hash of the file of x, if there is one: the checksums of the unit do not cover it."""
    return np.array(file_sha256(x) if len(x_row) else "")


def check_x(x: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Raise CheckpointError if x has changed since an earlier run wrote it."""
    try:
        whole = x_sha256(x, arrays["x_row"]) == arrays["x_sha256"]
    except FileNotFoundError:
        whole = False
    if not whole:
        raise CheckpointError(f"{x} is damaged: delete {x.parent} and repeat the same command")


def layer_from(layer: int, weights: NeuronLayer, arrays: Mapping[str, np.ndarray], x: Path) -> CollectedLayer:
    mapped = np.load(x, mmap_mode="r") if len(arrays["x_row"]) else np.zeros((0, weights.d_in), np.float16)
    return CollectedLayer(
        ActivatingExamples.from_arrays(layer, weights, arrays, mapped), LayerStatistics.from_arrays(arrays)
    )


STEP = Step("rows", "rows", "layers", layers_of)
