"""Stage 2: every neuron's examples as neuron embeddings, a tree over them, features at the default cut, measures."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import chain, islice

import numpy as np
from jaxtyping import Float, Int

from ne_core.cluster import cluster
from ne_core.measures import feature_distances, measures
from precompute.collected import LayerRows
from precompute.found import Features, LayerFound
from precompute.parallel import in_order

CHUNK = 64  # neurons that travel to a worker together
FEW_ROWS = 20_000  # fewer rows than this are done before a pool of workers has started


@dataclass(frozen=True)
class Chunk:
    """Some neurons' inputs at their key tokens, one neuron after the other, and the weights that they go through."""

    x: Float[np.ndarray, "n_rows d_in"]
    n_examples: Int[np.ndarray, " n_neurons"]
    W_in: Float[np.ndarray, "d_in n_neurons"]
    cut: float


def features_of(
    layers: Sequence[LayerRows],
    cut: float,
    workers: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[LayerFound]:
    """The features of every neuron of every layer. The result does not depend on the number of workers."""
    tasks = chain.from_iterable(chunks(rows, cut) for rows in layers)
    # the size alone decides where the work is done, so that the same rows always meet the same arithmetic
    few = sum(rows.n_rows for rows in layers) < FEW_ROWS
    results = map(chunk_features, tasks) if few else in_order(chunk_features, tasks, workers)
    done, total = 0, sum(len(rows.maxima) for rows in layers)
    found = []
    for rows in layers:
        parts = []
        for part in islice(results, -(-len(rows.maxima) // CHUNK)):
            parts.append(part)
            done += len(part.n_features)
            progress(done, total)
        found.append(LayerFound(rows, joined(parts)))
    return found


def chunks(rows: LayerRows, cut: float) -> Iterator[Chunk]:
    n_neurons = len(rows.maxima)
    for start in range(0, n_neurons, CHUNK):
        stop = min(start + CHUNK, n_neurons)
        mine = slice(rows.offsets[start], rows.offsets[stop])
        counts = np.diff(rows.offsets[start : stop + 1])
        yield Chunk(rows.x[rows.x_row[mine]], counts, rows.weights.W_in[:, start:stop], cut)


def chunk_features(chunk: Chunk) -> Features:
    ends = np.cumsum(chunk.n_examples)
    return joined(
        [
            neuron_features(chunk.x[end - n : end] * chunk.W_in[:, j], chunk.cut)
            for j, (end, n) in enumerate(zip(ends, chunk.n_examples, strict=True))
        ]
    )


def neuron_features(embeddings: Float[np.ndarray, "n d_in"], cut: float) -> Features:
    """One neuron's features; a neuron without examples has none, and no distances."""
    if not len(embeddings):
        return DEAD
    found = cluster(embeddings, cut)
    told = measures(found.tree, cut)
    return Features(
        feature=found.feature,
        rank=found.rank,
        trees=found.tree,
        merge_central=found.merge_central,
        size=np.bincount(found.feature),
        central=found.central,
        feature_distance=feature_distances(found.tree, cut).astype(np.float32),
        n_examples=np.array([told.n_examples]),
        n_features=np.array([told.n_features]),
        mean_distance=np.array([told.mean_distance], dtype=np.float32),
        max_distance=np.array([found.max_distance], dtype=np.float32),
        intra_distance=np.array([told.intra_distance], dtype=np.float32),
        inter_distance=np.array([told.inter_distance], dtype=np.float32),
        largest_share=np.array([told.largest_share], dtype=np.float32),
    )


def joined(parts: Sequence[Features]) -> Features:
    return Features(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Features)})


NONE, NO_DISTANCE = np.zeros(0, dtype=np.int64), np.full(1, np.nan, dtype=np.float32)
DEAD = Features(
    feature=NONE,
    rank=NONE,
    trees=np.zeros((0, 4), dtype=np.float32),
    merge_central=NONE,
    size=NONE,
    central=NONE,
    feature_distance=np.zeros(0, dtype=np.float32),
    n_examples=np.zeros(1, dtype=np.int64),
    n_features=np.zeros(1, dtype=np.int64),
    mean_distance=NO_DISTANCE,
    max_distance=NO_DISTANCE,
    intra_distance=NO_DISTANCE,
    inter_distance=NO_DISTANCE,
    largest_share=NO_DISTANCE,
)
