"""Step 2: embeddings of every neuron's examples, a tree over them, features at the default cut, and measures.

A unit of work is `CHUNK` neurons of one layer. It needs only x at their key tokens, so any machine can compute it. Its
bytes are the same in any process whose BLAS has the same number of threads: matrix products round differently on two
threads than on one, so workers have one each. Memory: the input of a unit with 100 examples and width 768 is 10 MB of
float16 x, its result 0.2 MB; a process holds the float32 embeddings of one neuron at a time. x of a layer may stay on
disk, as an `np.memmap`.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.method.background import background_distance, background_rows
from ne_core.method.embeddings import REFERENCE, Embedder, combined
from ne_core.method.measures import distances_of, measures
from ne_core.method.trees.clear_cut import suggested_cut
from ne_core.method.trees.cluster import cluster
from precompute.config import RunConfig
from precompute.run.engines import LocalEngine
from precompute.run.mapped import release_pages
from precompute.run.progress import OnProgress, silent
from precompute.run.step import Step
from precompute.run.work import Load, Work
from precompute.steps.activating_examples import ActivatingExamples
from precompute.steps.layer_features import Features, LayerFeatures, concatenate
from precompute.steps.rows import CollectedLayer

CHUNK = 64  # neurons of a unit of work; features do not depend on it
FEW_ROWS = 20_000  # with fewer rows, starting a pool of workers takes longer than the work


@dataclass(frozen=True)
class FeaturesJob:
    """Data shared by all units."""

    cut: float
    space: str = REFERENCE


@dataclass(frozen=True)
class Chunk:
    """Inputs of some neurons at their key tokens, one neuron after the other, and the neurons' weights.

    All are those of `Embedder.inputs` and `Embedder.weights` for the job's space. `background` are some inputs of the
    layer; `is_other` marks those that are not examples of a neuron.
    """

    x: Float[np.ndarray, "n_rows d_in"]
    n_examples: Int[np.ndarray, " n_neurons"]
    W_in: Float[np.ndarray, "d_in n_neurons"]
    background: Float[np.ndarray, "n_background d_in"]
    is_other: Bool[np.ndarray, "n_neurons n_background"]


def unit_ranges(n_neurons: Sequence[int]) -> list[range]:
    """Return the units of each layer, numbered through all layers; `n_neurons` holds the number of neurons of each."""
    ends = np.cumsum([0, *(-(-n // CHUNK) for n in n_neurons)]).tolist()
    return [range(first, end) for first, end in pairwise(ends)]


def tasks(rows: ActivatingExamples, units: range, done: Container[int] = ()) -> Iterator[tuple[int, Chunk]]:
    """Return the unfinished units of one layer in the reference space, each made when it is requested."""
    return ((unit, chunk_of(rows, unit - units.start)) for unit in units if unit not in done)


def chunk_of(rows: ActivatingExamples, part: int, space: str = REFERENCE, embedder: Embedder | None = None) -> Chunk:
    """Return the layer's `part`-th unit, counted from 0. Without an embedder, inputs and weights are unchanged."""
    start, stop = part * CHUNK, min((part + 1) * CHUNK, len(rows.maxima))
    unit_rows = slice(rows.offsets[start], rows.offsets[stop])
    counts = np.diff(rows.offsets[start : stop + 1])
    x, W, (places, background) = rows.x[rows.x_row[unit_rows]], rows.weights.W_in[:, start:stop], background_of(rows)
    examples = (rows.x_row[rows.offsets[j] : rows.offsets[j + 1]] for j in range(start, stop))
    is_other = np.stack([~np.isin(places, x_row) for x_row in examples])
    if embedder is None:
        return Chunk(np.asarray(x), counts, W, background, is_other)
    x, background = (embedder.inputs(space, each) for each in (x, background))
    return Chunk(x, counts, embedder.weights(space, W), background, is_other)


def background_of(rows: ActivatingExamples) -> tuple[Int[np.ndarray, " n"], Float[np.ndarray, "n d_in"]]:
    """Return the rows and values of some inputs of a layer, the same for all of its neurons."""
    places = background_rows(rows.layer, len(rows.x))
    return places, np.asarray(rows.x[places])


def work_features(job: FeaturesJob, chunk: Chunk) -> dict[str, np.ndarray]:
    """Return the arrays of a unit."""
    return chunk_features(chunk, job.cut, job.space).to_arrays()


def chunk_features(chunk: Chunk, cut: float, space: str = REFERENCE) -> Features:
    """Return the features of a unit; inputs are copied into one buffer, as new pages take as long as the product."""
    ends, weights = np.cumsum(chunk.n_examples), np.ascontiguousarray(chunk.W_in.T, dtype=np.float32)
    buffer = np.empty((chunk.n_examples.max(initial=0), chunk.x.shape[1]), dtype=np.float32)
    background, parts = chunk.background.astype(np.float32), []
    for w, end, n, is_other in zip(weights, ends, chunk.n_examples, chunk.is_other, strict=True):
        buffer[:n] = chunk.x[end - n : end]
        others = combined(space, background[is_other], w) if n else background[:0]
        parts.append(neuron_features(combined(space, buffer[:n], w), others, cut, space))
    return concatenate(parts)


def neuron_features(
    embeddings: Float[np.ndarray, "n d_in"], others: Float[np.ndarray, "n_others d_in"], cut: float, space: str
) -> Features:
    """Return one neuron's features, none without examples; `others` are inputs that are not examples of the neuron."""
    if not len(embeddings):
        return DEAD
    clusters = cluster(embeddings, cut)
    summary = measures(clusters.tree, cut)
    background = background_distance(embeddings, others)
    suggested = suggested_cut(clusters.tree, background, space)
    return Features(
        feature=clusters.feature.astype(np.int32),
        rank=clusters.rank.astype(np.int32),
        center_distance=clusters.center_distance.astype(np.float32),
        trees=clusters.tree,
        merge_central=clusters.merge_central.astype(np.int32),
        size=np.bincount(clusters.feature).astype(np.int32),
        central=clusters.central.astype(np.int32),
        feature_distance=distances_of(clusters.tree, clusters.feature, cut).astype(np.float32),
        n_examples=np.array([summary.n_examples], dtype=np.int32),
        n_features=np.array([summary.n_features], dtype=np.int32),
        mean_distance=np.array([summary.mean_distance], dtype=np.float32),
        max_distance=np.array([clusters.max_distance], dtype=np.float32),
        intra_distance=np.array([summary.intra_distance], dtype=np.float32),
        inter_distance=np.array([summary.inter_distance], dtype=np.float32),
        largest_share=np.array([summary.largest_share], dtype=np.float32),
        background_distance=np.array([background], dtype=np.float32),
        suggested_cut=np.array([np.nan if suggested is None else suggested], dtype=np.float32),
        n_suggested=np.array([n_features_at_cut(clusters.tree, suggested)], dtype=np.int32),
    )


def n_features_at_cut(tree: Float[np.ndarray, "m 4"], cut: float | None) -> int:
    """Return the number of features at a cut, rounded to float32 as it is stored; 0 without a cut."""
    return 0 if cut is None else len(tree) + 1 - int((tree[:, 2] <= np.float32(cut)).sum())


NONE, NO_DISTANCE = np.zeros(0, dtype=np.int32), np.full(1, np.nan, dtype=np.float32)
DEAD = Features(
    feature=NONE,
    rank=NONE,
    center_distance=np.zeros(0, dtype=np.float32),
    trees=np.zeros((0, 4), dtype=np.float32),
    merge_central=NONE,
    size=NONE,
    central=NONE,
    feature_distance=np.zeros(0, dtype=np.float32),
    n_examples=np.zeros(1, dtype=np.int32),
    n_features=np.zeros(1, dtype=np.int32),
    mean_distance=NO_DISTANCE,
    max_distance=NO_DISTANCE,
    intra_distance=NO_DISTANCE,
    inter_distance=NO_DISTANCE,
    largest_share=NO_DISTANCE,
    background_distance=NO_DISTANCE,
    suggested_cut=NO_DISTANCE,
    n_suggested=np.zeros(1, dtype=np.int32),
)


def features_from(
    rows: ActivatingExamples, load: Callable[[int], Mapping[str, np.ndarray]], units: range
) -> LayerFeatures:
    """Join one layer's features from its units, computed in any order."""
    return LayerFeatures(rows, concatenate([Features.from_arrays(load(unit)) for unit in units]))


def features_of(
    layers: Sequence[ActivatingExamples],
    cut: float,
    workers: int | None = None,
    on_progress: OnProgress = silent,
) -> list[LayerFeatures]:
    """Compute the features of all layers in memory, in the reference space; `workers` do not change the result."""
    ranges = unit_ranges([len(rows.maxima) for rows in layers])
    chunks = chain.from_iterable(tasks(rows, units) for rows, units in zip(layers, ranges, strict=True))
    results = compute_units(
        (chunk for _, chunk in chunks), FeaturesJob(cut), sum(rows.n_rows for rows in layers), workers
    )
    done, total = 0, sum(len(rows.maxima) for rows in layers)
    layer_features = []
    for rows, units in zip(layers, ranges, strict=True):
        parts = {}
        for unit, part in zip(units, islice(results, len(units)), strict=True):
            parts[unit] = part
            done += len(part["n_features"])
            on_progress(done, total)
        layer_features.append(features_from(rows, parts.__getitem__, units))
    return layer_features


def compute_units(
    chunks: Iterator[Chunk], job: FeaturesJob, n_rows: int, workers: int | None
) -> Iterator[dict[str, np.ndarray]]:
    """Yield results in order. Only the size decides between pool and process, so that the same rows round the same."""
    cores = None if n_rows < FEW_ROWS else 1
    return (part for _, part in LocalEngine(workers).map(work_features, job, enumerate(chunks), cores))


def parts_of(layers: Sequence[ActivatingExamples]) -> list[tuple[int, int]]:
    """Return the index of the layer, and the part of it, of each unit, both counted from 0."""
    ranges = unit_ranges([len(rows.maxima) for rows in layers])
    return [(layer_index, part) for layer_index, units in enumerate(ranges) for part in range(len(units))]


def few_rows(layers: Iterable[ActivatingExamples]) -> bool:
    return sum(rows.n_rows for rows in layers) < FEW_ROWS


def features_work(config: RunConfig, rows: Sequence[CollectedLayer]) -> Work:
    job = FeaturesJob(config.default_cut, config.embedding)
    return work_of_units(work_features, job, rows, lambda layer: layer.embedder)


def work_of_units(
    compute: Callable[[FeaturesJob, Chunk], Mapping[str, np.ndarray]],
    job: FeaturesJob,
    rows: Sequence[CollectedLayer],
    embedder_of: Callable[[CollectedLayer], Embedder | None] = lambda layer: None,
) -> Work:
    """Return the work of computing all units; without embedders, `job` is of the reference space."""
    layers = [layer.rows for layer in rows]
    of_unit = parts_of(layers)

    def chunk(unit: int) -> Chunk:
        layer_index, part = of_unit[unit]
        result = chunk_of(layers[layer_index], part, job.space, embedder_of(rows[layer_index]))
        release_pages(layers[layer_index].x)
        return result

    def size(unit: int) -> int:
        layer_index, part = of_unit[unit]
        return min(CHUNK, len(layers[layer_index].maxima) - part * CHUNK)

    return Work(compute, job, range(len(of_unit)), 1, chunk, size, few=few_rows(layers))


def all_features(rows: Sequence[CollectedLayer], load: Load) -> list[LayerFeatures]:
    ranges = unit_ranges([len(layer.rows.maxima) for layer in rows])
    return [features_from(layer.rows, load, units) for layer, units in zip(rows, ranges, strict=True)]


def facts(config: RunConfig) -> dict[str, Any]:
    return {"default_cut": config.default_cut, "embedding": config.embedding}


STEP = Step("features", "features", "neurons", all_features, features_work, facts)
