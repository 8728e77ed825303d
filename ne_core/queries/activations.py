"""Distribution of the activations of some of a neuron's examples."""

import numpy as np
from jaxtyping import Float

from ne_core.method.statistics import Histogram

BINS = 12


def example_histogram(activations: Float[np.ndarray, " n"], n_bins: int = BINS) -> Histogram | None:
    """Count activations in equal bins from the lowest to the highest; None without finite ones.

    Equal activations have one bin, which ends a little above them.
    """
    values = activations.astype(np.float64)
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    low, high = float(values.min()), float(values.max())
    if low == high:
        return Histogram(np.array([len(values)]), low, float(np.nextafter(np.float16(low), np.float16(np.inf))))
    counts, _ = np.histogram(values, n_bins, (low, high))
    return Histogram(counts, low, high)
