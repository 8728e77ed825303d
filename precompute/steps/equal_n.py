"""Stage 2b: what tells a neuron's number of features from chance: at equal numbers of examples, against two baselines.

A unit of work is some neurons of one layer, as in features.py, or all random directions of a layer. Every neuron's
examples are also embedded with the neuron's own weights in another order (*permuted*): the same texts, nothing looked
for. Spaces that do not read the weights give the same then, by construction. What a *random direction* is stands in
directions.py. Random sets go by the seed, the layer and the neuron: any units, any order, the same numbers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas.manifest import EqualN
from ne_core.atlas.schema import EQUAL_N, RANDOM_DIRECTIONS
from ne_core.method.cluster import similarities
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
from precompute.config import RunConfig
from precompute.run.mapped import let_go
from precompute.run.step import Step
from precompute.run.work import Load, Work
from precompute.steps.activating_examples import LayerRows
from precompute.steps.directions import Directions, Pool, directions
from precompute.steps.features import CHUNK, few_rows, parts_of, unit_ranges
from precompute.steps.rows import CollectedLayer

PERMUTED, PERMUTED_SETS = 10, 10  # orders of a neuron's weights, and random sets of examples for each of them
NEURONS, DIRECTIONS = 0, 1  # whose numbers random sets go by
COLUMNS = tuple(column.name for column in EQUAL_N)
RANDOM = tuple(spec.file.removesuffix(".npy") for spec in RANDOM_DIRECTIONS)


@dataclass(frozen=True)
class RarefiedJob:
    """What all units share: the space and its cut, how many examples are in a set, random directions, the seed."""

    space: str
    cut: float
    n: int
    n_directions: int
    seed: int

    @property
    def facts(self) -> EqualN:
        return EqualN(self.n, sets=HALVES * SETS, orders=PERMUTED, directions=self.n_directions)


@dataclass(frozen=True)
class RarefiedChunk:
    """Neurons of a layer from `first` on, or its random directions: `kind` says which.

    Their inputs, one neuron's after the other's, and their weights are as `Embedder` makes them; so are `permuted`,
    each one's weights in several orders, None where they are not wanted.
    """

    kind: int
    layer: int
    first: int
    x: Float[np.ndarray, "n_rows d_in"]
    n_examples: Int[np.ndarray, " n_neurons"]
    W_in: Float[np.ndarray, "d_in n_neurons"]
    permuted: Float[np.ndarray, "orders d_in n_neurons"] | None


@dataclass(frozen=True)
class Rarefied:
    """By layer: COLUMNS for every neuron, and RANDOM for every random direction; `facts` for the manifest."""

    by_layer: Mapping[int, Mapping[str, np.ndarray]]
    facts: EqualN


def neurons_chunk(job: RarefiedJob, rows: LayerRows, part: int, embedder: Embedder) -> RarefiedChunk:
    """The neurons of a layer's `part`-th unit of features."""
    first, permuted = part * CHUNK, None
    W, offsets = np.asarray(rows.weights.W_in[:, first : first + CHUNK]), rows.offsets[first : first + CHUNK + 1]
    if reads_weights(job.space):
        orders = [shuffled(W, np.random.default_rng([job.seed, rows.layer, first, i])) for i in range(PERMUTED)]
        permuted = np.stack([embedder.weights(job.space, W) for W in orders]).astype(np.float32)
    x = embedder.inputs(job.space, np.asarray(rows.x[rows.x_row[offsets[0] : offsets[-1]]]))
    W = embedder.weights(job.space, W)
    return RarefiedChunk(NEURONS, rows.layer, first, x, np.diff(offsets), W, permuted)


def shuffled(W: Float[np.ndarray, "d_in n"], rng: np.random.Generator) -> Float[np.ndarray, "d_in n"]:
    """Every neuron's weights in a random order."""
    return rng.permuted(W, axis=0)


def directions_chunk(job: RarefiedJob, rows: LayerRows, found: Directions, embedder: Embedder) -> RarefiedChunk:
    """All random directions of a layer."""
    x, W = embedder.inputs(job.space, np.asarray(rows.x[found.x_row])), embedder.weights(job.space, found.W)
    return RarefiedChunk(DIRECTIONS, rows.layer, 0, x, found.n_examples, W, None)


def work_rarefied(job: RarefiedJob, given: RarefiedChunk) -> dict[str, np.ndarray]:
    """A unit as it is saved: a number for each of its neurons, NaN for those with fewer examples than are in a set."""
    ends, found = np.cumsum(given.n_examples), []
    for i, (w, end, m) in enumerate(zip(given.W_in.T, ends, given.n_examples, strict=True)):
        rng = np.random.default_rng([job.seed, given.kind, given.layer, given.first + i])
        x = np.asarray(given.x[end - m : end], dtype=np.float32)
        orders = None if given.permuted is None else given.permuted[:, :, i]
        found.append(measured(job, x, w.astype(np.float32), orders, rng))
    names = COLUMNS if given.kind == NEURONS else RANDOM
    return {name: np.array([each[name] for each in found], dtype=np.float32) for name in names}


def measured(
    job: RarefiedJob,
    x: Float[np.ndarray, "m d_in"],
    w: Float[np.ndarray, " d_in"],
    orders: Float[np.ndarray, "orders d_in"] | None,
    rng: np.random.Generator,
) -> dict[str, float]:
    """One neuron, or one random direction."""
    if len(x) < job.n:
        return dict.fromkeys((*COLUMNS, *RANDOM), np.nan)
    cosines = similarities(combined(job.space, x, w))
    features, distance = mean_features(cosines, job.n, job.cut, rng), mean_distance(cosines)
    other, far = (features, distance.value) if orders is None else permuted(job, x, orders, rng)
    return {
        "rarefied_features": features.value,
        "rarefied_low": features.low,
        "rarefied_high": features.high,
        "distance_low": distance.low,
        "distance_high": distance.high,
        "permuted_features": other.value,
        "permuted_low": other.low if orders is not None else np.nan,
        "permuted_high": other.high if orders is not None else np.nan,
        "permuted_distance": far,
        "random_features": features.value,
        "random_distance": distance.value,
    }


def permuted(
    job: RarefiedJob,
    x: Float[np.ndarray, "m d_in"],
    orders: Float[np.ndarray, "orders d_in"],
    rng: np.random.Generator,
) -> tuple[Measure, float]:
    """Features over orders of the weights, with where 95 % of orders lie if normal; and the mean distance."""
    within, apart = [], []
    for w in orders:
        cosines = similarities(combined(job.space, x, w))
        within.append(distances_in(cosines, random_subsets(len(x), job.n, PERMUTED_SETS, rng)))
        apart.append(mean_distance(cosines).value)
    found = joined_counts(np.concatenate(within), job.cut).reshape(len(orders), PERMUTED_SETS)
    value, spread = float(found.mean()), SURE * np.sqrt(between(found))
    ends = max(1.0, value - spread), min(float(job.n), value + spread)
    return Measure(value, *map(float, ends)), float(np.mean(apart))


def rarefied_from(
    layers: Sequence[LayerRows],
    units: Sequence[range],
    load: Callable[[int], Mapping[str, np.ndarray]],
    job: RarefiedJob,
) -> Rarefied:
    """All layers from their units, which may have been done in any order; the random directions' come last."""
    by_layer, last = {}, units[-1].stop if units else 0
    for number, (rows, mine) in enumerate(zip(layers, units, strict=True)):
        parts = [load(unit) for unit in mine]
        columns = {name: np.concatenate([part[name] for part in parts]) for name in COLUMNS}
        by_layer[rows.layer] = columns | dict(load(last + number))
    return Rarefied(by_layer, job.facts)


def rarefied_work(config: RunConfig, rows: Sequence[CollectedLayer]) -> Work | None:
    """Every neuron's units, then the random directions of each layer; None if they are not wanted."""
    if not config.rarefy:
        return None
    job = RarefiedJob(config.embedding, config.default_cut, config.rarefy, config.directions, config.seed)
    of_unit = [*parts_of([layer.rows for layer in rows]), *((at, None) for at in range(len(rows)))]

    def chunk(unit: int) -> RarefiedChunk:
        at, part = of_unit[unit]
        layer, embedder = rows[at].rows, rows[at].embedder
        if part is None:
            made = directions_chunk(job, layer, random_directions(config, layer), embedder)
        else:
            made = neurons_chunk(job, layer, part, embedder)
        let_go(layer.x)
        return made

    few = few_rows(layer.rows for layer in rows)
    return Work(work_rarefied, job, range(len(of_unit)), 1, chunk, few=few)


def random_directions(config: RunConfig, layer: LayerRows) -> Directions:
    rng, pool = (
        np.random.default_rng([config.seed, layer.layer]),
        Pool.of(layer.weights, layer.x, layer.x_row, layer.example),
    )
    return directions(pool, config.directions, config.rarefy, config.keep, config.max_examples, rng)


def all_rarefied(rows: Sequence[CollectedLayer], work: Work | None, load: Load) -> Rarefied | None:
    layers = [layer.rows for layer in rows]
    return work and rarefied_from(layers, unit_ranges([len(each.maxima) for each in layers]), load, work.job)


STEP = Step("rarefied", "random directions", "units", all_rarefied, rarefied_work)
