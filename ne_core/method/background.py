"""Some inputs of a layer, to which a neuron's examples are compared: their distance limits the suggested cut."""

import numpy as np
from jaxtyping import Float, Int

from ne_core.method.trees.cluster import unit

N_BACKGROUND = 256  # inputs of a layer that a neuron's examples are compared with


def background_rows(layer: int, n_inputs: int) -> Int[np.ndarray, " n"]:
    """Return the rows of some inputs of a layer, ascending, the same for all of its neurons."""
    rng = np.random.default_rng(layer)
    return np.sort(rng.choice(n_inputs, min(N_BACKGROUND, n_inputs), replace=False))


def background_distance(embeddings: Float[np.ndarray, "n d_in"], others: Float[np.ndarray, "n_others d_in"]) -> float:
    """Return the mean cosine distance between examples and others, or NaN without others."""
    if not len(others):
        return float("nan")
    return float(1 - unit(embeddings).mean(axis=0) @ unit(others).mean(axis=0))
