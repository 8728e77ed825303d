"""A neuron against chance: its features and mean distance beside those of random directions of its layer.

Read off what the atlas holds (precompute/steps/equal_n.py made it): nothing is computed but where a number stands among
others.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.method.equal_n import Measure
from ne_core.refs import NeuronRef

TAILS = (0.025, 0.975)  # 95 % of the random directions lie between


@dataclass(frozen=True)
class Against:
    """A neuron's number, where 95 % of random directions have theirs, and what its own weights give when shuffled.

    `below`: share of the `n_random` random directions that have a smaller number, equal ones counted half.
    """

    own: Measure
    random: Measure
    n_random: int
    below: float
    permuted: Measure


@dataclass(frozen=True)
class Chance:
    """Of one neuron with as many examples as are in a random set, `n_sets` of which were drawn."""

    n: int
    n_sets: int
    features: Against
    distance: Against


def against_chance(atlas: Atlas, ref: NeuronRef) -> Chance | None:
    """None where the atlas does not hold it, or the neuron has too few examples; `known` tells which."""
    facts, row = atlas.manifest.rarefied, atlas.neuron_row(ref)
    if not known(atlas, ref):
        return None
    told = {name: float(values[row]) for name, values in atlas.neurons.items()}
    random = atlas.files[ref.layer].random
    return Chance(
        facts.examples,
        facts.sets,
        against(
            Measure(told["rarefied_features"], told["rarefied_low"], told["rarefied_high"]),
            random["random_features"],
            Measure(told["permuted_features"], told["permuted_low"], told["permuted_high"]),
        ),
        against(
            Measure(told["mean_distance"], told["distance_low"], told["distance_high"]),
            random["random_distance"],
            Measure(told["permuted_distance"], np.nan, np.nan),
        ),
    )


def known(atlas: Atlas, ref: NeuronRef) -> bool:
    """Whether the atlas compares its neurons with chance, and this one has examples enough."""
    facts = atlas.manifest.rarefied
    return facts is not None and bool(atlas.neurons["n_examples"][atlas.neuron_row(ref)] >= facts.examples)


def against(own: Measure, random: Float[np.ndarray, " n"], permuted: Measure) -> Against:
    there = random[np.isfinite(random)]
    low, high = np.quantile(there, TAILS).tolist() if len(there) else (np.nan, np.nan)
    middle = Measure(float(there.mean()) if len(there) else np.nan, low, high)
    return Against(own, middle, len(there), float(below(np.array([own.value]), random)[0]), permuted)


def below(values: Float[np.ndarray, " n"], random: Float[np.ndarray, " m"]) -> Float[np.ndarray, " n"]:
    """The share of random directions with a smaller number than each value, equal ones counted half; NaN of NaN."""
    there = np.sort(random[np.isfinite(random)])
    if not len(there):
        return np.full(len(values), np.nan)
    shares = (np.searchsorted(there, values, "left") + np.searchsorted(there, values, "right")) / (2 * len(there))
    return np.where(np.isfinite(values), shares, np.nan)


def below_random(atlas: Atlas, column: str, random: str) -> Float[np.ndarray, " n_neurons"]:
    """`below` for every neuron of an atlas that has it, among the random directions of its layer.

    NaN for those with fewer examples than are in a random set.
    """
    table, found = atlas.neurons, np.full(len(atlas.neurons["layer"]), np.nan)
    enough = table["n_examples"] >= atlas.manifest.rarefied.examples
    for layer, files in atlas.files.items():
        here = (table["layer"] == layer) & enough
        found[here] = below(np.asarray(table[column][here]), files.random[random])
    return found
