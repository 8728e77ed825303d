"""Similar features: seconds for their search at the size of GPT2-small's run, and agreement of their key tokens.

The search is of 150,000 features × 768, some of the units, on every core. The vectors are in a file that the workers
map, as in a build. The minutes are extrapolated from `UNITS` units, spread over the whole, to all units of all spaces;
every unit of one size does the same arithmetic, whatever the space.
"""

import tempfile
import time
from pathlib import Path

import numpy as np

from ne_core.atlas import Atlas
from ne_core.method.similar import SPACES, TILE, blocks
from ne_core.method.trees.cluster import unit
from precompute.run.engines.local import LocalEngine, n_cores
from precompute.steps.index import SimilarJob, work_similar
from tests.bench.figures import Figures

N_FEATURES, D_IN, N_MEANINGS, FEATURES_EACH, UNITS = 150_000, 768, 5_000, 4, 12
SOLID = 3  # features of fewer examples may be strays


def measure_speed(figures: Figures) -> None:
    """Measure the minutes of all spaces, and a unit's time over that of its bare product in the same worker."""
    with tempfile.TemporaryDirectory() as folder:
        job = SimilarJob({"neuron": vectors(Path(folder))}, np.arange(N_FEATURES, dtype=np.int32) // FEATURES_EACH)
        sample = np.linspace(0, job.n_units - 2, UNITS).astype(int).tolist()  # without the last one, which is smaller
        seconds = np.array([pair for _, pair in LocalEngine().map(both_seconds, job, enumerate(sample), cores=1)])
    ours, product = seconds.T
    figures.add("similar_minutes_150k_gpt2", ours.mean() * job.n_units * len(SPACES) / n_cores() / 60, "min")
    figures.add("similar_over_gemm", float(np.median(ours / product)), "x")
    figures.add("similar_slice_measured", UNITS / (job.n_units * len(SPACES)), "share")


def vectors(folder: Path) -> Path:
    """Write unit vectors around some thousand meanings, so that neighbours are near."""
    rng, path = np.random.default_rng(0), folder / "vectors.npy"
    meanings = rng.normal(size=(N_MEANINGS, D_IN)).astype(np.float32)
    array = np.lib.format.open_memmap(path, "w+", np.float32, (N_FEATURES, D_IN))
    for block in blocks(N_FEATURES):
        noise = rng.normal(size=(block.stop - block.start, D_IN)).astype(np.float32)
        array[block] = unit(meanings[rng.integers(N_MEANINGS, size=len(noise))] + noise)
    array.flush()
    return path


def both_seconds(job: SimilarJob, number: int) -> tuple[float, float]:
    """Return a unit's time, and that of its products alone."""
    return timed(lambda: work_similar(job, number)), timed(lambda: products(job, number))


def products(job: SimilarJob, number: int) -> None:
    units = np.load(job.vectors["neuron"], mmap_mode="r")
    block = np.asarray(units[blocks(len(units))[number]])
    scores = np.empty((len(block), TILE), dtype=np.float32)
    for start in range(0, len(units), TILE):
        tile = np.asarray(units[start : start + TILE])
        np.matmul(block, tile.T, out=scores[:, : len(tile)])


def timed(work) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure_key_tokens(figures: Figures, atlas_dir: Path) -> None:
    """Measure how often a feature and the most similar one share their commonest key token, and by chance."""
    atlas = Atlas.open(atlas_dir)
    key, solid = atlas.features["key_tokens"][:, 0], atlas.features["size"] >= SOLID
    for space in atlas.manifest.spaces:
        best = atlas.features[f"similar_{space}"][:, 0]
        with_similar = solid & (best >= 0)
        figures.add(
            f"similar_same_key_token_{space}_demo",
            float((key[best[with_similar]] == key[with_similar]).mean()),
            "share",
        )
    any_feature = np.bincount(key, minlength=len(atlas.vocab)) / len(key)
    figures.add("similar_same_key_token_chance_demo", float(any_feature[key[solid]].mean()), "share")
