"""Number of features at equal numbers of examples, compared with two baselines, to distinguish it from chance.

A unit of work is some neurons of one layer, as in features.py, or all random directions of a layer (directions.py).
Every neuron's examples are also embedded with the neuron's own weights in random order (*permuted*): the same texts
without the neuron's meaning. Spaces that do not use the weights give the same result, by construction. Random sets
depend on the seed, the layer and the neuron only: units and their order do not matter.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas.manifest import EqualN
from ne_core.atlas.schema import EQUAL_N, RANDOM_DIRECTIONS
from ne_core.method.embeddings import Embedder, combined, reads_weights
from ne_core.method.equal_n import (
    HALVES,
    SETS,
    SURE,
    Measure,
    between,
    distances_in,
    joined_counts,
    mean_distance,
    mean_features,
    random_subsets,
)
from ne_core.method.trees.cluster import similarities
from precompute.config import RunConfig
from precompute.run.mapped import release_pages
from precompute.run.step import Step
from precompute.run.work import Load, Work
from precompute.steps.activating_examples import ActivatingExamples
from precompute.steps.directions import Directions, Pool, directions
from precompute.steps.distinct import endings_of
from precompute.steps.features import CHUNK, few_rows, parts_of, unit_ranges
from precompute.steps.layer_features import Texts
from precompute.steps.rows import CollectedLayer

PERMUTED, PERMUTED_SETS = 10, 10  # random orders of a neuron's weights, and random sets of examples for each of them
NEURONS, DIRECTIONS = 0, 1  # kinds of a chunk, part of the seed of its random sets
COLUMNS = tuple(column.name for column in EQUAL_N)
RANDOM = tuple(spec.file.removesuffix(".npy") for spec in RANDOM_DIRECTIONS)


@dataclass(frozen=True)
class EqualNJob:
    """Data shared by all units: space and cut, the number `n` of examples in a set, random directions, the seed."""

    space: str
    cut: float
    n: int
    n_directions: int
    seed: int

    @property
    def facts(self) -> EqualN:
        return EqualN(self.n, sets=HALVES * SETS, orders=PERMUTED, directions=self.n_directions)


@dataclass(frozen=True)
class EqualNChunk:
    """Neurons of a layer from `first` on, or its random directions, depending on `kind`.

    Inputs, one neuron after the other, and weights are those of `Embedder`; so are `permuted`, the weights in several
    random orders, None if they are not needed.
    """

    kind: int
    layer: int
    first: int
    x: Float[np.ndarray, "n_rows d_in"]
    n_examples: Int[np.ndarray, " n_neurons"]
    W_in: Float[np.ndarray, "d_in n_neurons"]
    permuted: Float[np.ndarray, "orders d_in n_neurons"] | None


@dataclass(frozen=True)
class EqualNMeasures:
    """Measures by layer: COLUMNS of every neuron, RANDOM of every random direction; `facts` for the manifest."""

    by_layer: Mapping[int, Mapping[str, np.ndarray]]
    facts: EqualN


def neurons_chunk(job: EqualNJob, rows: ActivatingExamples, part: int, embedder: Embedder) -> EqualNChunk:
    """Return the neurons of a layer's `part`-th unit of features, counted from 0."""
    first, permuted = part * CHUNK, None
    W, offsets = np.asarray(rows.weights.W_in[:, first : first + CHUNK]), rows.offsets[first : first + CHUNK + 1]
    if reads_weights(job.space):
        orders = [shuffle_weights(W, np.random.default_rng([job.seed, rows.layer, first, i])) for i in range(PERMUTED)]
        permuted = np.stack([embedder.weights(job.space, W) for W in orders]).astype(np.float32)
    x = embedder.inputs(job.space, np.asarray(rows.x[rows.x_row[offsets[0] : offsets[-1]]]))
    W = embedder.weights(job.space, W)
    return EqualNChunk(NEURONS, rows.layer, first, x, np.diff(offsets), W, permuted)


def shuffle_weights(W: Float[np.ndarray, "d_in n"], rng: np.random.Generator) -> Float[np.ndarray, "d_in n"]:
    """Return every neuron's weights in a random order."""
    return rng.permuted(W, axis=0)


def directions_chunk(job: EqualNJob, rows: ActivatingExamples, random: Directions, embedder: Embedder) -> EqualNChunk:
    """Return all random directions of a layer."""
    x, W = embedder.inputs(job.space, np.asarray(rows.x[random.x_row])), embedder.weights(job.space, random.W)
    return EqualNChunk(DIRECTIONS, rows.layer, 0, x, random.n_examples, W, None)


def work_equal_n(job: EqualNJob, chunk: EqualNChunk) -> dict[str, np.ndarray]:
    """Return the arrays of a unit, one number per neuron, NaN for neurons with fewer examples than a set."""
    ends, measures = np.cumsum(chunk.n_examples), []
    for i, (w, end, m) in enumerate(zip(chunk.W_in.T, ends, chunk.n_examples, strict=True)):
        rng = np.random.default_rng([job.seed, chunk.kind, chunk.layer, chunk.first + i])
        x = np.asarray(chunk.x[end - m : end], dtype=np.float32)
        orders = None if chunk.permuted is None else chunk.permuted[:, :, i]
        measures.append(measure_neuron(job, x, w.astype(np.float32), orders, rng))
    names = COLUMNS if chunk.kind == NEURONS else RANDOM
    return {name: np.array([each[name] for each in measures], dtype=np.float32) for name in names}


def measure_neuron(
    job: EqualNJob,
    x: Float[np.ndarray, "m d_in"],
    w: Float[np.ndarray, " d_in"],
    orders: Float[np.ndarray, "orders d_in"] | None,
    rng: np.random.Generator,
) -> dict[str, float]:
    """Measure one neuron or one random direction."""
    if len(x) < job.n:
        return dict.fromkeys((*COLUMNS, *RANDOM), np.nan)
    cosines = similarities(combined(job.space, x, w))
    features, distance = mean_features(cosines, job.n, job.cut, rng), mean_distance(cosines)
    permuted_features, permuted_distance = (
        (features, distance.value) if orders is None else permuted(job, x, orders, rng)
    )
    return {
        "rarefied_features": features.value,
        "rarefied_low": features.low,
        "rarefied_high": features.high,
        "distance_low": distance.low,
        "distance_high": distance.high,
        "permuted_features": permuted_features.value,
        "permuted_low": permuted_features.low if orders is not None else np.nan,
        "permuted_high": permuted_features.high if orders is not None else np.nan,
        "permuted_distance": permuted_distance,
        "random_features": features.value,
        "random_distance": distance.value,
    }


def permuted(
    job: EqualNJob,
    x: Float[np.ndarray, "m d_in"],
    orders: Float[np.ndarray, "orders d_in"],
    rng: np.random.Generator,
) -> tuple[Measure, float]:
    """Return the mean number of features over orders of the weights, with the interval of 95 % of orders if normal.

    The second value is the mean distance.
    """
    set_distances, mean_distances = [], []
    for w in orders:
        cosines = similarities(combined(job.space, x, w))
        set_distances.append(distances_in(cosines, random_subsets(len(x), job.n, PERMUTED_SETS, rng)))
        mean_distances.append(mean_distance(cosines).value)
    counts = joined_counts(np.concatenate(set_distances), job.cut).reshape(len(orders), PERMUTED_SETS)
    value, spread = float(counts.mean()), SURE * np.sqrt(between(counts))
    ends = max(1.0, value - spread), min(float(job.n), value + spread)
    return Measure(value, *map(float, ends)), float(np.mean(mean_distances))


def equal_n_from(
    layers: Sequence[ActivatingExamples],
    units: Sequence[range],
    load: Callable[[int], Mapping[str, np.ndarray]],
    job: EqualNJob,
) -> EqualNMeasures:
    """Join the units of all layers, computed in any order; those of the random directions come last."""
    by_layer, last = {}, units[-1].stop if units else 0
    for layer_index, (rows, layer_units) in enumerate(zip(layers, units, strict=True)):
        parts = [load(unit) for unit in layer_units]
        columns = {name: np.concatenate([part[name] for part in parts]) for name in COLUMNS}
        by_layer[rows.layer] = columns | dict(load(last + layer_index))
    return EqualNMeasures(by_layer, job.facts)


def equal_n_work(config: RunConfig, texts: Texts, rows: Sequence[CollectedLayer]) -> Work | None:
    """Return the units of all neurons, then the random directions of each layer; None with --rarefy 0."""
    if not config.rarefy:
        return None
    job = EqualNJob(config.embedding, config.default_cut, config.rarefy, config.directions, config.seed)
    of_unit = [*parts_of([layer.rows for layer in rows]), *((layer_index, None) for layer_index in range(len(rows)))]

    def chunk(unit: int) -> EqualNChunk:
        layer_index, part = of_unit[unit]
        layer, embedder = rows[layer_index].rows, rows[layer_index].embedder
        if part is None:
            result = directions_chunk(job, layer, random_directions(config, texts, layer), embedder)
        else:
            result = neurons_chunk(job, layer, part, embedder)
        release_pages(layer.x)
        return result

    few = few_rows(layer.rows for layer in rows)
    return Work(work_equal_n, job, range(len(of_unit)), 1, chunk, few=few)


def random_directions(config: RunConfig, texts: Texts, layer: ActivatingExamples) -> Directions:
    rng, endings = np.random.default_rng([config.seed, layer.layer]), endings_of(config, texts)
    ending = None if endings is None else endings(layer.example, layer.pos)
    pool = Pool.of(layer.weights, layer.x, layer.x_row, layer.example, ending)
    return directions(pool, config.directions, config.rarefy, config.keep, config.max_examples, rng)


def all_equal_n(rows: Sequence[CollectedLayer], work: Work | None, load: Load) -> EqualNMeasures | None:
    layers = [layer.rows for layer in rows]
    return work and equal_n_from(layers, unit_ranges([len(each.maxima) for each in layers]), load, work.job)


STEP = Step("rarefied", "random directions", "units", all_equal_n, equal_n_work)
