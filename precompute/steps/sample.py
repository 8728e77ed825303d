"""A fixed sample of positions: how a layer's inputs spread, and how often each of its neurons is how active."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.atlas.schema import HISTOGRAM_BINS

TOGETHER = 64  # neurons that are counted at once


@dataclass(frozen=True)
class LayerStatistics:
    """One layer over the sample: moments of x, and a histogram of each neuron's activations.

    Bins are equal, between the ends of `histogram_range`: a neuron's lowest and highest activation in the sample.
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


def sampled(allowed: Bool[np.ndarray, "n_examples n_ctx"], n: int, seed: int) -> Bool[np.ndarray, "n_examples n_ctx"]:
    """`n` of the allowed positions, or all where there are no more; each as likely as any other."""
    ends = np.cumsum(allowed.sum(axis=1))
    total = int(ends[-1]) if len(ends) else 0
    number = np.sort(np.random.default_rng(seed).choice(total, min(n, total), replace=False))
    example = np.searchsorted(ends, number, side="right")
    place = number - np.append(0, ends)[example]  # so many allowed positions of its example come before it
    here = allowed[example]
    pos = (here & (np.cumsum(here, axis=1) == place[:, None] + 1)).argmax(axis=1)
    chosen = np.zeros_like(allowed)
    chosen[example, pos] = True
    return chosen


def layer_statistics(
    layer: int, units: Iterable[int], load: Callable[[int], Mapping[str, np.ndarray]]
) -> LayerStatistics:
    """From the samples of all units, in order. A layer of 3,072 neurons needs 50 MB for 8,192 positions."""
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
    """Mean and covariance (over n − 1) of x in parts [n d_in], from sums in float64 in the order of the parts."""
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
    """The ends of each neuron's bins and how many activations are in each; both zero where there are none at all."""
    n_neurons = activations.shape[1]
    ends, counts = np.zeros((n_neurons, 2), dtype=np.float32), np.zeros((n_neurons, HISTOGRAM_BINS), dtype=np.int16)
    for start in range(0, n_neurons if len(activations) else 0, TOGETHER):
        some = slice(start, start + TOGETHER)
        values = activations[:, some].astype(np.float32)
        ends[some] = np.stack([values.min(axis=0), values.max(axis=0)], axis=1)
        counts[some] = counted(values, *ends[some].astype(np.float64).T)
    return ends, counts


def counted(
    values: Float[np.ndarray, "n n_neurons"],
    low: Float[np.ndarray, " n_neurons"],
    high: Float[np.ndarray, " n_neurons"],
) -> Int[np.ndarray, "n_neurons n_bins"]:
    """Equal bins from low to high, each without its upper end but the last. One that never changes is in its first."""
    high = np.where(high > low, high, low + 1)
    edges = np.linspace(low, high, HISTOGRAM_BINS + 1, axis=1)
    first = np.arange(len(low)) * edges.shape[1]  # where each neuron's edges start
    edges[:, -1] = np.inf  # the highest belongs to the last bin
    at = first + np.minimum((values - low) * (HISTOGRAM_BINS / (high - low)), HISTOGRAM_BINS - 1).astype(np.intp)
    # the product may have been rounded across an edge
    at -= values < edges.take(at)
    at += values >= edges.take(at + 1)
    return np.bincount(at.ravel(), minlength=edges.size).reshape(edges.shape)[:, :-1]
