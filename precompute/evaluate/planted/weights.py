"""Weights of a planted neuron, from the weights of one neuron for each source.

`unit` is used for the tables. The others are for comparison: in `raw` the neuron with the longest weights dominates,
`one` is the first source's, `normal` is independent of the sources.
"""

from collections.abc import Callable
from zlib import crc32

import numpy as np
from jaxtyping import Float

from ne_core.method.trees.cluster import unit

Weighting = Callable[[Float[np.ndarray, "d_in k"]], Float[np.ndarray, " d_in"]]


def units(weights: Float[np.ndarray, "d_in k"]) -> Float[np.ndarray, " d_in"]:
    """Sum of the weights at length 1."""
    return unit(weights.T).sum(axis=0)


def normal(weights: Float[np.ndarray, "d_in k"]) -> Float[np.ndarray, " d_in"]:
    """Random numbers, the same for the same weights."""
    return np.random.default_rng(crc32(weights.tobytes())).standard_normal(len(weights)).astype(np.float32)


WEIGHTINGS: dict[str, Weighting] = {
    "unit": units,
    "raw": lambda weights: weights.sum(axis=1),
    "one": lambda weights: weights[:, 0],
    "normal": normal,
}
