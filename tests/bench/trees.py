"""Trees, features and measures of GPT2-small's neurons: embeddings of 100 examples × 768, clustered at random.

The time includes everything from x on: inputs gathered and sent to the workers, embeddings, cosines, tree, central
examples, cut, ranks, measures, results gathered. The workers' start is measured separately, since a build of 36,864
neurons has it once. It is compared with the least possible: the products and the linkage alone, on as many cores.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, repeat

import numpy as np
from scipy.cluster.hierarchy import linkage

from ne_core.method.layer import NeuronLayer
from precompute.run.engines.local import LocalEngine, n_cores
from precompute.steps.activating_examples import ActivatingExamples
from precompute.steps.features import Chunk, chunk_of, features_of, unit_ranges
from tests.bench.figures import Figures

N_NEURONS, ALL_NEURONS, N_EXAMPLES, D_IN, N_X, N_MEANINGS = 4096, 12 * 3072, 100, 768, 30_000, 300
CUT = 0.5


def measure(figures: Figures, rounds: int = 2) -> None:
    """Measure neurons a second, the minutes of 36,864 neurons, and the time over the bare one."""
    rows = random_rows()
    start = min(timed(lambda: in_pool(load_worker, range(2 * n_cores()))) for _ in range(rounds))
    ours = min(timed(lambda: features_of([rows], CUT)) for _ in range(rounds)) - start
    bare = min(sum(in_pool(bare_seconds, chunks(rows))) for _ in range(rounds)) / n_cores()
    figures.add("trees_neurons_per_s_gpt2", N_NEURONS / ours, "neurons/s")
    figures.add("trees_minutes_36864_gpt2", (start + ours * ALL_NEURONS / N_NEURONS) / 60, "min")
    figures.add("trees_over_product_and_linkage_gpt2", ours / bare, "x")
    figures.add("trees_workers_start_s", start, "s")


def in_pool(function: Callable, tasks: Iterable) -> list:
    return [result for _, result in LocalEngine().map(function, None, enumerate(tasks), cores=1)]


def random_rows() -> ActivatingExamples:
    """Return one layer; each neuron's examples are of six meanings, and an x serves some fourteen neurons."""
    rng = np.random.default_rng(0)
    meanings = rng.normal(size=(N_MEANINGS, D_IN)).astype(np.float32)
    x = np.repeat(meanings, N_X // N_MEANINGS, axis=0) + rng.normal(size=(N_X, D_IN), scale=0.9).astype(np.float32)
    meaning = rng.integers(N_MEANINGS, size=(N_NEURONS, 6))
    row_meaning = np.take_along_axis(meaning, rng.integers(6, size=(N_NEURONS, N_EXAMPLES)), axis=1)
    n_rows, n_per_meaning = row_meaning.size, N_X // N_MEANINGS
    W_in = rng.normal(size=(D_IN, N_NEURONS)).astype(np.float32)
    return ActivatingExamples(
        layer=0,
        weights=NeuronLayer(W_in, np.zeros(N_NEURONS, dtype=np.float32)),
        maxima=np.ones(N_NEURONS, dtype=np.float32),
        offsets=np.arange(0, n_rows + 1, N_EXAMPLES),
        example=np.zeros(n_rows, dtype=np.int64),
        pos=np.zeros(n_rows, dtype=np.int32),
        activation=np.ones(n_rows, dtype=np.float32),
        window_activations=np.zeros((n_rows, 1), dtype=np.float32),
        x_row=row_meaning.ravel() * n_per_meaning + rng.integers(n_per_meaning, size=n_rows),
        x=x.astype(np.float16),
    )


def chunks(rows: ActivatingExamples) -> Iterator[Chunk]:
    return chain.from_iterable(map(chunk_of, repeat(rows), units) for units in unit_ranges([N_NEURONS]))


def bare_seconds(job: None, chunk: Chunk) -> float:
    """Seconds of the products and linkages of a chunk's neurons, on existing embeddings."""
    embeddings = chunk.x.astype(np.float32).reshape(-1, N_EXAMPLES, D_IN) * chunk.W_in.T[:, None]
    above = np.triu_indices(N_EXAMPLES, 1)
    distances = [1 - np.corrcoef(e)[above] for e in embeddings]
    return timed(lambda: [(e @ e.T, linkage(d, "average")) for e, d in zip(embeddings, distances, strict=True)])


def load_worker(job: None, task: int) -> int:
    """Return the task, in a worker that has loaded its imports."""
    return task


def timed(work) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
