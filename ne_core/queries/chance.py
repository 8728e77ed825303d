"""Comparison of a neuron with chance: its features and mean distance, and those of random directions of its layer.

The numbers come from the atlas (precompute/steps/equal_n.py computes them); only quantiles and ranks are computed here.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.method.equal_n import Measure
from ne_core.refs import NeuronRef

MIDDLE = (0.25, 0.75)  # quantiles with half of the random directions between them; further out lie too few


@dataclass(frozen=True)
class ChanceComparison:
    """One measure of a neuron, its range over random directions, and its value with the neuron's weights shuffled.

    `random`: mean over `n_random` random directions, and the range of the middle half of them. An atlas has too few
    to place a single neuron among them: `evaluate --only chance` does that.
    """

    measured: Measure
    random: Measure
    n_random: int
    permuted: Measure


@dataclass(frozen=True)
class Chance:
    """Comparison of one neuron with chance, over `n_sets` random sets of `n` examples."""

    n: int
    n_sets: int
    features: ChanceComparison
    distance: ChanceComparison


def against_chance(atlas: Atlas, ref: NeuronRef) -> Chance | None:
    """Compare a neuron with chance; None unless `has_comparison`. Raises KeyError for an unknown layer."""
    facts, row = atlas.manifest.rarefied, atlas.neuron_row(ref)
    if not has_comparison(atlas, ref):
        return None
    values = {name: float(column[row]) for name, column in atlas.neurons.items()}
    random = atlas.files[ref.layer].random
    return Chance(
        facts.examples,
        facts.sets,
        compared(
            Measure(values["rarefied_features"], values["rarefied_low"], values["rarefied_high"]),
            random["random_features"],
            Measure(values["permuted_features"], values["permuted_low"], values["permuted_high"]),
        ),
        compared(
            Measure(values["mean_distance"], values["distance_low"], values["distance_high"]),
            random["random_distance"],
            Measure(values["permuted_distance"], np.nan, np.nan),
        ),
    )


def has_comparison(atlas: Atlas, ref: NeuronRef) -> bool:
    """True if the atlas compares its neurons with chance and this one has enough examples."""
    facts = atlas.manifest.rarefied
    return facts is not None and bool(atlas.neurons["n_examples"][atlas.neuron_row(ref)] >= facts.examples)


def compared(measured: Measure, random: Float[np.ndarray, " n"], permuted: Measure) -> ChanceComparison:
    """A neuron's measure compared with those of random directions and of permuted labels."""
    finite = random[np.isfinite(random)]
    low, high = np.quantile(finite, MIDDLE).tolist() if len(finite) else (np.nan, np.nan)
    middle = Measure(float(finite.mean()) if len(finite) else np.nan, low, high)
    return ChanceComparison(measured, middle, len(finite), permuted)


def below(values: Float[np.ndarray, " n"], random: Float[np.ndarray, " m"]) -> Float[np.ndarray, " n"]:
    """Share of random directions with a smaller number than each value, equal ones counted half; NaN for NaN."""
    ordered = np.sort(random[np.isfinite(random)])
    if not len(ordered):
        return np.full(len(values), np.nan)
    shares = (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / (2 * len(ordered))
    return np.where(np.isfinite(values), shares, np.nan)


def below_random(atlas: Atlas, column: str, random: str) -> Float[np.ndarray, " n_neurons"]:
    """Share `below` of every neuron among the random directions of its layer, for an atlas that has them.

    NaN for neurons with fewer examples than a random set.
    """
    table, shares = atlas.neurons, np.full(len(atlas.neurons["layer"]), np.nan)
    enough = table["n_examples"] >= atlas.manifest.rarefied.examples
    for layer, files in atlas.files.items():
        rows = (table["layer"] == layer) & enough
        shares[rows] = below(np.asarray(table[column][rows]), files.random[random])
    return shares
