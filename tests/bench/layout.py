"""The map's layout: seconds for 150,000 features, and how many of a point's neighbours are similar features.

Kept is the share of the 10 nearest points that are among a feature's 20 similar features. Held against random places
and against the spectral embedding of the same graph, the two slowest eigenvectors of its random walk.
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
    given = planted(np.random.default_rng(0))
    started = time.perf_counter()
    layout(*given, seed=0)
    figures.add("layout_s_150k", time.perf_counter() - started, "s")
    atlas = Atlas.open(atlas_dir)
    space = atlas.manifest.default_space
    ids, cosines = (atlas.features[f"{what}_{space}"] for what in ("similar", "cosine"))
    graph, random = weights(ids, cosines), np.random.default_rng(0).random((len(ids), 2))
    for name, at in {"": layout(ids, cosines, seed=0), "spectral_": spectral(graph), "random_": random}.items():
        figures.add(f"layout_neighbours_kept_{name}demo", kept(at, ids), "share")


def planted(rng: np.random.Generator) -> tuple[Int[np.ndarray, "n k"], Float[np.ndarray, "n k"]]:
    """Features of some thousand meanings in a few dimensions, where neighbours are found at once."""
    meanings = 4 * rng.normal(size=(N_MEANINGS, 3))
    at = meanings[rng.integers(N_MEANINGS, size=N_FEATURES)] + rng.normal(size=(N_FEATURES, 3))
    distances, ids = cKDTree(at).query(at, SIMILAR + 1)
    return ids[:, 1:].astype(np.int32), (1 - distances[:, 1:] / 10).astype(np.float32)


def spectral(graph: csr_array) -> Float[np.ndarray, "n 2"]:
    """The second and third eigenvector of the normalised graph, over the root of the degrees."""
    scale = diags_array(1 / np.sqrt(np.maximum(graph.sum(axis=1), 1e-6)))
    _, vectors = eigsh(scale @ graph @ scale, k=3, v0=np.ones(graph.shape[0]))
    return scale @ vectors[:, [1, 0]]


def kept(at: Float[np.ndarray, "n 2"], ids: Int[np.ndarray, "n k"]) -> float:
    """A point is not its own neighbour, wherever it stands among others in its place."""
    _, near = cKDTree(at).query(at, NEAREST + 1)
    others = near != np.arange(len(at))[:, None]
    others[others.all(axis=1), -1] = False
    near = near[others].reshape(len(at), NEAREST)
    return float((near[:, :, None] == ids[:, None, :]).any(axis=2).mean())
