"""What an autoencoder is judged by: how well it reconstructs, how sparsely, and how much of one meaning a latent has.

Distances are those of the author's app: over the first `MOST` inputs that activate a latent at all, between their
neuron embeddings h ⊙ w. A latent that reads one input has distance 0 by construction, so every table also says how
many inputs a latent reads: its effective number 1 / Σ p², p being the inputs' shares of its squared embeddings.
"""

import warnings

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.atlas.lab_schema import MEASURES
from ne_core.method.cluster import similarities, tree
from ne_core.method.measures import effective_inputs, measures

MOST = 100  # inputs of a latent that are looked at, the first ones


MEANING = {column.name: column.meaning for column in MEASURES}


def reconstruction(
    h: Float[np.ndarray, "n d_in"], f: Float[np.ndarray, "n d_sae"], decoded: Float[np.ndarray, "n d_in"]
) -> dict[str, float]:
    """`l0`, `mse` and `fvu` on inputs that were not trained on, from their latents and what is decoded of them."""
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
    """The measures from `dead_share` on. Means over latents are over those that have such a number."""
    counts = active.sum(axis=0)
    alive = np.flatnonzero(counts)
    each = [latent(h[first_active(active[:, j])] * W_enc[:, j], cut) for j in alive] or [(np.nan,) * 4]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a dictionary that is dead has none of them: NaN
        mean_distance, max_distance, n_features, _ = np.nanmean(each, axis=0)
        quartile, median = np.nanquantile(np.array(each)[:, 3], (0.25, 0.5))
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
    """The inputs that a latent is looked at by."""
    return np.flatnonzero(active)[:MOST]


def latent(e: Float[np.ndarray, "k d_in"], cut: float) -> tuple[float, float, float, float]:
    """Mean and largest distance between a latent's neuron embeddings, NaN for one of them; features; inputs."""
    cosines = similarities(e)
    told = measures(tree(cosines), cut)
    furthest = float(1 - cosines.min()) if len(e) > 1 else float("nan")
    return told.mean_distance, furthest, float(told.n_features), effective_inputs(e)
