"""Measures of an autoencoder: reconstruction, sparsity, and how close to one meaning its latents are.

Distances are those of the author's app: between the neuron embeddings h ⊙ w of the first `MOST` inputs that activate a
latent. A latent that reads one input has distance 0 by construction, so every table also gives the effective number of
inputs of a latent, 1 / Σ p², p being the inputs' shares of its squared embeddings.
"""

import warnings

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.atlas.lab_schema import MEASURES
from ne_core.method.measures import effective_inputs, measures
from ne_core.method.trees.cluster import similarities, tree

MOST = 100  # inputs of a latent that are measured, the first ones

MEANING = {column.name: column.meaning for column in MEASURES}


def reconstruction(
    h: Float[np.ndarray, "n d_in"], f: Float[np.ndarray, "n d_sae"], decoded: Float[np.ndarray, "n d_in"]
) -> dict[str, float]:
    """`l0`, `mse` and `fvu` on held-out inputs h, their latents f and the reconstructions `decoded`."""
    error, spread = decoded - h, h - h.mean(axis=0)
    return {
        "l0": float((f > 0).sum(axis=1).mean()),
        "mse": float(np.square(error).mean()),
        "fvu": float(np.square(error).sum() / np.square(spread).sum()),
    }


def meanings(
    h: Float[np.ndarray, "n d_in"],
    W_enc: Float[np.ndarray, "d_in d_sae"],
    active: Bool[np.ndarray, "n d_sae"],
    cut: float,
) -> dict[str, float]:
    """The measures from `dead_share` on. Means are over the latents for which a measure is defined."""
    counts = active.sum(axis=0)
    alive = np.flatnonzero(counts)
    by_latent = [latent_measures(h[first_active(active[:, j])] * W_enc[:, j], cut) for j in alive] or [(np.nan,) * 4]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # NaN for a dictionary without active latents
        mean_distance, max_distance, n_features, _ = np.nanmean(by_latent, axis=0)
        quartile, median = np.nanquantile(np.array(by_latent)[:, 3], (0.25, 0.5))
    return {
        "dead_share": 1 - len(alive) / len(counts),
        "mean_distance": mean_distance,
        "max_distance": max_distance,
        "n_features": n_features,
        "size": float(np.median(counts[alive])) if len(alive) else 0.0,
        "effective_inputs": median,
        "effective_inputs_q25": quartile,
    }


def first_active(active: Bool[np.ndarray, " n"]) -> Int[np.ndarray, " k"]:
    """Indices of the first `MOST` inputs that activate a latent."""
    return np.flatnonzero(active)[:MOST]


def latent_measures(e: Float[np.ndarray, "k d_in"], cut: float) -> tuple[float, float, float, float]:
    """Mean and largest distance between a latent's neuron embeddings (NaN for one), features, effective inputs."""
    cosines = similarities(e)
    of_tree = measures(tree(cosines), cut)
    max_distance = float(1 - cosines.min()) if len(e) > 1 else float("nan")
    return of_tree.mean_distance, max_distance, float(of_tree.n_features), effective_inputs(e)
