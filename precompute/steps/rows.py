"""Activating examples and statistics of every layer, joined from the units of collection; a unit is one layer."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

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
from precompute.steps.maxima import maxima_sha256
from precompute.steps.sample import LayerStatistics, layer_statistics

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CollectedLayer:
    """One layer as stored in the run folder."""

    rows: ActivatingExamples
    statistics: LayerStatistics
    n_above_corpus: int  # neurons whose maximum, from a file, is above their highest activation

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
    layers = [
        layer_from(layer, source.layer(layer), checkpoints.load(number), paths[number])
        for number, layer in enumerate(source.layers)
    ]
    log_above(config, layers)
    return layers


def layer_arrays(
    source: Source, collect: Collected, layer: int, x: Path, endings: Endings | None
) -> dict[str, np.ndarray]:
    """Return one layer's arrays; x is written to its own file, as it may be larger than memory."""

    def x_into(shape: tuple[int, int]) -> np.ndarray:
        # numpy cannot map an empty file
        return new_array(x, np.float16, shape) if shape[0] else np.zeros(shape, np.float16)

    job, load, candidates = collect.job, collect.units.load, collect.gathering.candidates(layer)
    rows = layer_rows(job, layer, candidates, source.layer(layer), load, x_into, endings)
    statistics = layer_statistics(layer, range(job.n_units), load)
    above = np.array((rows.maxima > candidates.highest).sum())
    of_files = {"n_above_corpus": above, "x_sha256": x_sha256(x, rows.x_row)}
    return {**rows.to_arrays(), **statistics.to_arrays(), **of_files}


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
        ActivatingExamples.from_arrays(layer, weights, arrays, mapped),
        LayerStatistics.from_arrays(arrays),
        int(arrays["n_above_corpus"]),
    )


def facts(config: RunConfig, rows: list[CollectedLayer]) -> dict[str, Any]:
    """Return where the maxima are from; those of a file also count the neurons whose texts do not reach them."""
    if config.maxima is None:
        return {"maxima": {"from": "corpus"}}
    path, n_above, n_neurons = Path(config.maxima), *counts_above(rows)
    return {
        "maxima": {"from": path.name, "sha256": maxima_sha256(path), "n_above_corpus": n_above, "n_neurons": n_neurons}
    }


def counts_above(layers: list[CollectedLayer]) -> tuple[int, int]:
    return sum(each.n_above_corpus for each in layers), sum(len(each.rows.maxima) for each in layers)


def log_above(config: RunConfig, layers: list[CollectedLayer]) -> None:
    """Log what maxima from a file do where they are above the highest activation in the corpus."""
    n_above, n_neurons = counts_above(layers)
    if config.maxima is not None and n_above:
        logger.warning(
            "%s: the maximum of %s of %s neurons is above their highest activation in these texts: it sets the "
            "threshold of their examples, so that they have fewer of them or none",
            config.maxima, f"{n_above:,}", f"{n_neurons:,}",
        )  # fmt: skip


STEP = Step("rows", "rows", "layers", layers_of, facts=facts)
