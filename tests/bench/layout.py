"""The map's layout: seconds for 150,000 features, and the share of a point's neighbours that are similar features.

That is the share of the 10 nearest points that are among a feature's 20 similar features. It is compared with random
positions and with the spectral embedding of the same graph, the two slowest eigenvectors of its random walk.
"""

import time
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import eigsh
from scipy.spatial import cKDTree

from ne_core.atlas import Atlas
from ne_core.atlas.schema import SIMILAR
from precompute.steps.layout import layout
from precompute.steps.layout.graph import weights
from tests.bench.figures import Figures

N_FEATURES, N_MEANINGS, NEAREST = 150_000, 5_000, 10


def measure(figures: Figures, atlas_dir: Path) -> None:
    random_features = random_graph(np.random.default_rng(0))
    started = time.perf_counter()
    layout(*random_features, seed=0)
    figures.add("layout_s_150k", time.perf_counter() - started, "s")
    atlas = Atlas.open(atlas_dir)
    space = atlas.manifest.default_space
    ids, cosines = (atlas.features[f"{column}_{space}"] for column in ("similar", "cosine"))
    graph, random = weights(ids, cosines), np.random.default_rng(0).random((len(ids), 2))
    for name, positions in {"": layout(ids, cosines, seed=0), "spectral_": spectral(graph), "random_": random}.items():
        figures.add(f"layout_neighbours_kept_{name}demo", neighbour_share(positions, ids), "share")


def random_graph(rng: np.random.Generator) -> tuple[Int[np.ndarray, "n k"], Float[np.ndarray, "n k"]]:
    """Return similar features of random meanings in three dimensions, where neighbours are exact."""
    meanings = 4 * rng.normal(size=(N_MEANINGS, 3))
    positions = meanings[rng.integers(N_MEANINGS, size=N_FEATURES)] + rng.normal(size=(N_FEATURES, 3))
    distances, ids = cKDTree(positions).query(positions, SIMILAR + 1)
    return ids[:, 1:].astype(np.int32), (1 - distances[:, 1:] / 10).astype(np.float32)


def spectral(graph: csr_array) -> Float[np.ndarray, "n 2"]:
    """Return the second and third eigenvector of the normalised graph, divided by the root of the degrees."""
    scale = diags_array(1 / np.sqrt(np.maximum(graph.sum(axis=1), 1e-6)))
    _, vectors = eigsh(scale @ graph @ scale, k=3, v0=np.ones(graph.shape[0]))
    return scale @ vectors[:, [1, 0]]


def neighbour_share(positions: Float[np.ndarray, "n 2"], ids: Int[np.ndarray, "n k"]) -> float:
    """Return the share of nearest points that are similar features; a point is never its own neighbour."""
    _, near = cKDTree(positions).query(positions, NEAREST + 1)
    is_other = near != np.arange(len(positions))[:, None]
    is_other[is_other.all(axis=1), -1] = False
    near = near[is_other].reshape(len(positions), NEAREST)
    return float((near[:, :, None] == ids[:, None, :]).any(axis=2).mean())
