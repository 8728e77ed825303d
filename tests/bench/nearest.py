"""Similar features at the size of GPT2-small's run: 150,000 features × 768, some of the units, on every core.

The vectors lie in a file that the workers map, as in a build. The minutes are extrapolated from `UNITS` units, spread
over the whole, to all units of both spaces; every unit of one size does the same arithmetic, whatever the space.
"""

import tempfile
import time
from pathlib import Path

import numpy as np

from ne_core.method.cluster import unit
from ne_core.method.similar import SPACES, TILE, blocks
from precompute.run.engines.local import LocalEngine, n_cores
from precompute.steps.index import SimilarJob, work_similar
from tests.bench.figures import Figures

N_FEATURES, D_IN, N_MEANINGS, FEATURES_EACH, UNITS = 150_000, 768, 5_000, 4, 12


def measure(figures: Figures) -> None:
    """`similar_minutes_150k_gpt2`, both spaces, and a unit's time over that of its bare product, in the same worker."""
    with tempfile.TemporaryDirectory() as folder:
        job = SimilarJob({"neuron": vectors(Path(folder))}, np.arange(N_FEATURES, dtype=np.int32) // FEATURES_EACH)
        some = np.linspace(0, job.n_units - 2, UNITS).astype(int).tolist()  # but for the last, which is smaller
        seconds = np.array([pair for _, pair in LocalEngine().map(both_seconds, job, enumerate(some), cores=1)])
    ours, product = seconds.T
    figures.add("similar_minutes_150k_gpt2", ours.mean() * job.n_units * len(SPACES) / n_cores() / 60, "min")
    figures.add("similar_over_gemm", float(np.median(ours / product)), "x")
    figures.add("similar_slice_measured", UNITS / (job.n_units * len(SPACES)), "share")


def vectors(folder: Path) -> Path:
    """Unit vectors around some thousand meanings, so that neighbours are near."""
    rng, path = np.random.default_rng(0), folder / "vectors.npy"
    meanings = rng.normal(size=(N_MEANINGS, D_IN)).astype(np.float32)
    into = np.lib.format.open_memmap(path, "w+", np.float32, (N_FEATURES, D_IN))
    for block in blocks(N_FEATURES):
        noise = rng.normal(size=(block.stop - block.start, D_IN)).astype(np.float32)
        into[block] = unit(meanings[rng.integers(N_MEANINGS, size=len(noise))] + noise)
    into.flush()
    return path


def both_seconds(job: SimilarJob, number: int) -> tuple[float, float]:
    """A unit's time, and that of its products alone."""
    return timed(lambda: work_similar(job, number)), timed(lambda: products(job, number))


def products(job: SimilarJob, number: int) -> None:
    units = np.load(job.vectors["neuron"], mmap_mode="r")
    mine = np.asarray(units[blocks(len(units))[number]])
    scores = np.empty((len(mine), TILE), dtype=np.float32)
    for start in range(0, len(units), TILE):
        tile = np.asarray(units[start : start + TILE])
        np.matmul(mine, tile.T, out=scores[:, : len(tile)])


def timed(work) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
