"""Statistics of a fixed sample of positions: moments of a layer's inputs, histograms of its neurons' activations."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.atlas.schema import HISTOGRAM_BINS

TOGETHER = 64  # neurons counted at once


@dataclass(frozen=True)
class LayerStatistics:
    """Statistics of one layer: moments of x, and a histogram of each neuron's activations.

    Bins are equal, between the limits of `histogram_range`: a neuron's lowest and highest activation in the sample.
    """

    input_mean: Float[np.ndarray, " d_in"]
    input_covariance: Float[np.ndarray, "d_in d_in"]
    histogram: Int[np.ndarray, "n_neurons n_bins"]
    histogram_range: Float[np.ndarray, "n_neurons 2"]

    def to_arrays(self) -> dict[str, np.ndarray]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "LayerStatistics":
        return cls(**{field.name: arrays[field.name] for field in fields(cls)})


def sample_positions(
    allowed: Bool[np.ndarray, "n_examples n_ctx"], n: int, seed: int
) -> Bool[np.ndarray, "n_examples n_ctx"]:
    """Return the mask of `n` of the allowed positions, drawn with equal probability; all if there are fewer."""
    ends = np.cumsum(allowed.sum(axis=1))
    total = int(ends[-1]) if len(ends) else 0
    index = np.sort(np.random.default_rng(seed).choice(total, min(n, total), replace=False))
    example = np.searchsorted(ends, index, side="right")
    rank = index - np.append(0, ends)[example]  # number of allowed positions of its example before it
    allowed_here = allowed[example]
    pos = (allowed_here & (np.cumsum(allowed_here, axis=1) == rank[:, None] + 1)).argmax(axis=1)
    mask = np.zeros_like(allowed)
    mask[example, pos] = True
    return mask


def layer_statistics(
    layer: int, units: Iterable[int], load: Callable[[int], Mapping[str, np.ndarray]]
) -> LayerStatistics:
    """Compute statistics from the samples of all units, in order.

    Memory: 50 MB for a layer of 3,072 neurons and 8,192 positions.
    """
    x, activations = [], []
    for unit in units:
        arrays = load(unit)
        x.append(arrays[f"{layer}/sample_x"])
        activations.append(arrays[f"{layer}/sample_activations"])
    mean, covariance = moments(x)
    ends, counts = histograms(np.concatenate(activations))
    return LayerStatistics(mean, covariance, counts, ends)


def moments(
    parts: Sequence[np.ndarray],
) -> tuple[Float[np.ndarray, " d_in"], Float[np.ndarray, "d_in d_in"]]:
    """Return mean and covariance (over n − 1) of x in parts [n d_in], from float64 sums in the order of the parts."""
    n, total, products = 0, 0.0, 0.0
    for part in parts:
        x = part.astype(np.float64)
        n, total, products = n + len(x), total + x.sum(axis=0), products + x.T @ x
    mean = total / max(n, 1)
    covariance = (products - n * np.outer(mean, mean)) / max(n - 1, 1)
    return mean.astype(np.float32), covariance.astype(np.float32)


def histograms(
    activations: Float[np.ndarray, "n n_neurons"],
) -> tuple[Float[np.ndarray, "n_neurons 2"], Int[np.ndarray, "n_neurons n_bins"]]:
    """Return the limits of each neuron's bins and the number of activations in each bin; zeros for an empty sample."""
    n_neurons = activations.shape[1]
    ends, counts = np.zeros((n_neurons, 2), dtype=np.float32), np.zeros((n_neurons, HISTOGRAM_BINS), dtype=np.int16)
    for start in range(0, n_neurons if len(activations) else 0, TOGETHER):
        block = slice(start, start + TOGETHER)
        values = activations[:, block].astype(np.float32)
        ends[block] = np.stack([values.min(axis=0), values.max(axis=0)], axis=1)
        counts[block] = count_in_bins(values, *ends[block].astype(np.float64).T)
    return ends, counts


def count_in_bins(
    values: Float[np.ndarray, "n n_neurons"],
    low: Float[np.ndarray, " n_neurons"],
    high: Float[np.ndarray, " n_neurons"],
) -> Int[np.ndarray, "n_neurons n_bins"]:
    """Count values in equal bins from low to high; only the last includes its upper edge.

    Values that are all equal are in the first bin.
    """
    high = np.where(high > low, high, low + 1)
    edges = np.linspace(low, high, HISTOGRAM_BINS + 1, axis=1)
    first = np.arange(len(low)) * edges.shape[1]  # where each neuron's edges start
    edges[:, -1] = np.inf  # the highest belongs to the last bin
    edge = first + np.minimum((values - low) * (HISTOGRAM_BINS / (high - low)), HISTOGRAM_BINS - 1).astype(np.intp)
    # correct a product that was rounded across an edge
    edge -= values < edges.take(edge)
    edge += values >= edges.take(edge + 1)
    return np.bincount(edge.ravel(), minlength=edges.size).reshape(edges.shape)[:, :-1]
