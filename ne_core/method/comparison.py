"""Which space keeps a neuron's clusters apart best, over all neurons: clusters of each space, measured in each.

`values(measure, by)` has a row for each neuron and a column for each of the spaces COMPARED. `by` says whose clusters
are measured: those of one space in all of them, or EACH, every space's own, where none is favoured over another, but
each is at home. All have as many clusters as the neuron has features.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.method.separation import ratios, separation

COMPARED = ("neuron", "pre_mlp", "standardised")  # spaces that neurons are compared in, by their names in embeddings.py

EACH = "each"
BY = (EACH, *COMPARED)
LEAST, MOST = 10, 1000  # examples: fewer say little, and the time that more take grows with their square
STORED = ("silhouette", "intra", "inter")
BEST = {"silhouette": 1, "ratio": -1}  # measures that say which space is better: the higher, or the lower


def comparable(
    n_examples: Int[np.ndarray, " n_neurons"], n_features: Int[np.ndarray, " n_neurons"]
) -> Bool[np.ndarray, " n_neurons"]:
    """Neurons with examples enough, not too many, and at least two features."""
    return (n_examples >= LEAST) & (n_examples <= MOST) & (n_features >= 2)


def compared(
    cosines: Sequence[Float[np.ndarray, "n n"]], clusters: Sequence[Int[np.ndarray, " n"]]
) -> dict[str, Float[np.ndarray, " cells"]]:
    """One neuron's row of the table: by whose clusters, then in which space, both in the order given."""
    found = [separation(space, own) for own in clusters for space in cosines]
    return {name: np.array([getattr(each, name) for each in found], dtype=np.float32) for name in STORED}


@dataclass(frozen=True)
class Comparison:
    """Of some neurons, by whose clusters and in which space; NaN where a measure is not known."""

    layer: Int[np.ndarray, " n"]
    neuron: Int[np.ndarray, " n"]
    silhouette: Float[np.ndarray, "n by space"]
    intra: Float[np.ndarray, "n by space"]
    inter: Float[np.ndarray, "n by space"]

    def __len__(self) -> int:
        return len(self.neuron)

    @cached_property
    def ratio(self) -> Float[np.ndarray, "n by space"]:
        return ratios(self.intra, self.inter)

    def of_layer(self, layer: int) -> "Comparison":
        here = self.layer == layer
        return Comparison(*(getattr(self, field.name)[here] for field in fields(self)))

    def values(self, measure: str, by: str) -> Float[np.ndarray, "n space"]:
        table = getattr(self, measure)
        return np.diagonal(table, axis1=1, axis2=2) if by == EACH else table[:, COMPARED.index(by)]

    def wins(self, measure: str, by: str) -> Float[np.ndarray, "k space"]:
        """Of each neuron whose measure is known in every space, 1 for the best; as many that are best share it."""
        values = self.values(measure, by) * BEST[measure]
        values = values[np.isfinite(values).all(axis=1)]
        best = values == values.max(axis=1, keepdims=True, initial=-np.inf)
        return best / np.maximum(best.sum(axis=1, keepdims=True), 1)


def comparison(table: Mapping[str, np.ndarray]) -> Comparison:
    """From the columns of spaces.parquet."""
    square = (-1, len(COMPARED), len(COMPARED))
    return Comparison(
        table["layer"], table["neuron"], *(table[name].astype(np.float64).reshape(square) for name in STORED)
    )
