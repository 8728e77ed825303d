"""Stage 2: every neuron's examples as embeddings, a tree over them, features at the default cut, measures.

A unit of work is `CHUNK` neurons of one layer. It needs x at their key tokens and nothing else, so any machine can do
it. Its bytes are the same in any process whose BLAS has as many threads: matrix products round otherwise on two threads
than on one, so workers have one each. Memory: a unit at 100 examples and width 768 travels as 10 MB of float16 x and
comes back as 0.2 MB; a process holds the float32 embeddings of one neuron at a time. x of a layer may stay on disk, as
an `np.memmap`.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.method.cluster import cluster
from ne_core.method.cluster import unit as at_length_1
from ne_core.method.embeddings import REFERENCE, Embedder, combined
from ne_core.method.measures import distances_of, measures
from ne_core.method.nodes import suggested_cut
from precompute.config import RunConfig
from precompute.run.engines import LocalEngine
from precompute.run.mapped import let_go
from precompute.run.progress import OnProgress, silent
from precompute.run.step import Step
from precompute.run.work import Load, Work
from precompute.steps.activating_examples import LayerRows
from precompute.steps.layer_features import Features, LayerFound, joined
from precompute.steps.rows import CollectedLayer

CHUNK = 64  # neurons of a unit of work; another number makes other units of the same features
N_BACKGROUND = 256  # inputs of a layer that a neuron's examples are held against
FEW_ROWS = 20_000  # fewer rows than this are done before a pool of workers has started


@dataclass(frozen=True)
class FeaturesJob:
    """What all units share."""

    cut: float
    space: str = REFERENCE


@dataclass(frozen=True)
class Chunk:
    """Some neurons' inputs at their key tokens, one neuron after the other, and the weights that they go through.

    All are as `Embedder.inputs` and `Embedder.weights` make them for the job's space. `background` are some inputs of
    the layer; `is_other` says which of them are none of a neuron's examples.
    """

    x: Float[np.ndarray, "n_rows d_in"]
    n_examples: Int[np.ndarray, " n_neurons"]
    W_in: Float[np.ndarray, "d_in n_neurons"]
    background: Float[np.ndarray, "n_background d_in"]
    is_other: Bool[np.ndarray, "n_neurons n_background"]


def unit_ranges(n_neurons: Sequence[int]) -> list[range]:
    """The units of each layer, all layers numbered in a row; `n_neurons` holds the neurons of each."""
    ends = np.cumsum([0, *(-(-n // CHUNK) for n in n_neurons)]).tolist()
    return [range(first, end) for first, end in pairwise(ends)]


def tasks(rows: LayerRows, units: range, done: Container[int] = ()) -> Iterator[tuple[int, Chunk]]:
    """The units of one layer in the reference space that have not been done, each made when it is asked for."""
    return ((unit, chunk_of(rows, unit - units.start)) for unit in units if unit not in done)


def chunk_of(rows: LayerRows, part: int, space: str = REFERENCE, embedder: Embedder | None = None) -> Chunk:
    """The layer's `part`-th unit, numbered from 0. Without an embedder, inputs and weights as they are."""
    start, stop = part * CHUNK, min((part + 1) * CHUNK, len(rows.maxima))
    mine = slice(rows.offsets[start], rows.offsets[stop])
    counts = np.diff(rows.offsets[start : stop + 1])
    x, W, (places, background) = rows.x[rows.x_row[mine]], rows.weights.W_in[:, start:stop], background_of(rows)
    examples = (rows.x_row[rows.offsets[j] : rows.offsets[j + 1]] for j in range(start, stop))
    is_other = np.stack([~np.isin(places, own) for own in examples])
    if embedder is None:
        return Chunk(np.asarray(x), counts, W, background, is_other)
    x, background = (embedder.inputs(space, each) for each in (x, background))
    return Chunk(x, counts, embedder.weights(space, W), background, is_other)


def background_of(rows: LayerRows) -> tuple[Int[np.ndarray, " n"], Float[np.ndarray, "n d_in"]]:
    """Some inputs of a layer, the same for all of its neurons: where they stand, and what they are."""
    rng = np.random.default_rng(rows.layer)
    places = np.sort(rng.choice(len(rows.x), min(N_BACKGROUND, len(rows.x)), replace=False))
    return places, np.asarray(rows.x[places])


def work_features(job: FeaturesJob, chunk: Chunk) -> dict[str, np.ndarray]:
    """A unit as it is saved."""
    return chunk_features(chunk, job.cut, job.space).to_arrays()


def chunk_features(chunk: Chunk, cut: float, space: str = REFERENCE) -> Features:
    """Inputs are copied into the same memory: fetching fresh pages would take as long as the product."""
    ends, weights = np.cumsum(chunk.n_examples), np.ascontiguousarray(chunk.W_in.T, dtype=np.float32)
    room = np.empty((chunk.n_examples.max(initial=0), chunk.x.shape[1]), dtype=np.float32)
    background, parts = chunk.background.astype(np.float32), []
    for w, end, n, is_other in zip(weights, ends, chunk.n_examples, chunk.is_other, strict=True):
        room[:n] = chunk.x[end - n : end]
        others = combined(space, background[is_other], w) if n else background[:0]
        parts.append(neuron_features(combined(space, room[:n], w), others, cut))
    return joined(parts)


def neuron_features(
    embeddings: Float[np.ndarray, "n d_in"], others: Float[np.ndarray, "n_others d_in"], cut: float
) -> Features:
    """One neuron's features; a neuron without examples has none, and no distances. `others` are no examples of its."""
    if not len(embeddings):
        return DEAD
    found = cluster(embeddings, cut)
    told = measures(found.tree, cut)
    background = background_distance(embeddings, others)
    suggested = suggested_cut(found.tree, background)
    return Features(
        feature=found.feature.astype(np.int32),
        rank=found.rank.astype(np.int32),
        center_distance=found.center_distance.astype(np.float32),
        trees=found.tree,
        merge_central=found.merge_central.astype(np.int32),
        size=np.bincount(found.feature).astype(np.int32),
        central=found.central.astype(np.int32),
        feature_distance=distances_of(found.tree, found.feature, cut).astype(np.float32),
        n_examples=np.array([told.n_examples], dtype=np.int32),
        n_features=np.array([told.n_features], dtype=np.int32),
        mean_distance=np.array([told.mean_distance], dtype=np.float32),
        max_distance=np.array([found.max_distance], dtype=np.float32),
        intra_distance=np.array([told.intra_distance], dtype=np.float32),
        inter_distance=np.array([told.inter_distance], dtype=np.float32),
        largest_share=np.array([told.largest_share], dtype=np.float32),
        background_distance=np.array([background], dtype=np.float32),
        suggested_cut=np.array([np.nan if suggested is None else suggested], dtype=np.float32),
        n_suggested=np.array([count_at(found.tree, suggested)], dtype=np.int32),
    )


def background_distance(embeddings: Float[np.ndarray, "n d_in"], others: Float[np.ndarray, "n_others d_in"]) -> float:
    """Mean cosine distance between examples and others; NaN where there are no others."""
    if not len(others):
        return float("nan")
    return float(1 - at_length_1(embeddings).mean(axis=0) @ at_length_1(others).mean(axis=0))


def count_at(tree: Float[np.ndarray, "m 4"], cut: float | None) -> int:
    """How many features a cut makes, as the float32 that it is stored as; 0 for none."""
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


def features_from(rows: LayerRows, load: Callable[[int], Mapping[str, np.ndarray]], units: range) -> LayerFound:
    """One layer's features from its units, which may have been done in any order."""
    return LayerFound(rows, joined([Features.from_arrays(load(unit)) for unit in units]))


def features_of(
    layers: Sequence[LayerRows],
    cut: float,
    workers: int | None = None,
    progress: OnProgress = silent,
) -> list[LayerFound]:
    """All of it in memory, in the reference space: every neuron of every layer. Any number of workers, the same."""
    ranges = unit_ranges([len(rows.maxima) for rows in layers])
    every = chain.from_iterable(tasks(rows, units) for rows, units in zip(layers, ranges, strict=True))
    results = computed((chunk for _, chunk in every), FeaturesJob(cut), sum(rows.n_rows for rows in layers), workers)
    done, total = 0, sum(len(rows.maxima) for rows in layers)
    found = []
    for rows, units in zip(layers, ranges, strict=True):
        parts = {}
        for unit, part in zip(units, islice(results, len(units)), strict=True):
            parts[unit] = part
            done += len(part["n_features"])
            progress(done, total)
        found.append(features_from(rows, parts.__getitem__, units))
    return found


def computed(
    chunks: Iterator[Chunk], job: FeaturesJob, n_rows: int, workers: int | None
) -> Iterator[dict[str, np.ndarray]]:
    """In order. Size alone decides where the work is done, so that the same rows always meet the same arithmetic."""
    cores = None if n_rows < FEW_ROWS else 1
    return (part for _, part in LocalEngine(workers).map(work_features, job, enumerate(chunks), cores))


def parts_of(layers: Sequence[LayerRows]) -> list[tuple[int, int]]:
    """Of each unit: which of the layers, counted from 0, and which part of it."""
    ranges = unit_ranges([len(rows.maxima) for rows in layers])
    return [(at, part) for at, units in enumerate(ranges) for part in range(len(units))]


def few_rows(layers: Iterable[LayerRows]) -> bool:
    return sum(rows.n_rows for rows in layers) < FEW_ROWS


def features_work(config: RunConfig, rows: Sequence[CollectedLayer]) -> Work:
    job, layers = FeaturesJob(config.default_cut, config.embedding), [layer.rows for layer in rows]
    of_unit = parts_of(layers)

    def chunk(unit: int) -> Chunk:
        at, part = of_unit[unit]
        made = chunk_of(layers[at], part, job.space, rows[at].embedder)
        let_go(layers[at].x)
        return made

    def size(unit: int) -> int:
        at, part = of_unit[unit]
        return min(CHUNK, len(layers[at].maxima) - part * CHUNK)

    return Work(work_features, job, range(len(of_unit)), 1, chunk, size, few=few_rows(layers))


def all_features(rows: Sequence[CollectedLayer], load: Load) -> list[LayerFound]:
    ranges = unit_ranges([len(layer.rows.maxima) for layer in rows])
    return [features_from(layer.rows, load, units) for layer, units in zip(rows, ranges, strict=True)]


def facts(config: RunConfig) -> dict[str, Any]:
    return {"default_cut": config.default_cut, "embedding": config.embedding}


STEP = Step("features", "features", "neurons", all_features, features_work, facts)
