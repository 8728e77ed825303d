"""Comparison of embedding spaces by how well they separate neurons' clusters: clusters of each, measured in each.

`values(measure, by)` has a row per neuron and a column per space of COMPARED. `by` selects the clusters: those of one
space, measured in all of them (which favours that space), or EACH, every space's own clusters measured in itself.
There are as many clusters as the neuron has features.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.method.separation import ratios, separation

COMPARED = ("neuron", "pre_mlp", "standardised")  # compared spaces, by their names in embeddings.py

EACH = "each"
BY = (EACH, *COMPARED)
LEAST, MOST = 10, 1000  # examples of a compared neuron; the time grows with their square
STORED = ("silhouette", "intra", "inter")
BEST = {"silhouette": 1, "ratio": -1}  # measures that rank spaces: 1 if higher is better, −1 if lower is


def comparable(
    n_examples: Int[np.ndarray, " n_neurons"], n_features: Int[np.ndarray, " n_neurons"]
) -> Bool[np.ndarray, " n_neurons"]:
    """Mask of the neurons with LEAST to MOST examples and at least two features."""
    return (n_examples >= LEAST) & (n_examples <= MOST) & (n_features >= 2)


def compared(
    cosines: Sequence[Float[np.ndarray, "n n"]], clusters: Sequence[Int[np.ndarray, " n"]]
) -> dict[str, Float[np.ndarray, " cells"]]:
    """One neuron's row of the table: a cell per clustering and space, in the order of the arguments."""
    cells = [separation(space, labels) for labels in clusters for space in cosines]
    return {name: np.array([getattr(cell, name) for cell in cells], dtype=np.float32) for name in STORED}


@dataclass(frozen=True)
class Comparison:
    """Measures of the compared neurons, by clustering and by space; NaN where a measure is undefined."""

    layer: Int[np.ndarray, " n"]
    neuron: Int[np.ndarray, " n"]
    silhouette: Float[np.ndarray, "n by space"]
    intra: Float[np.ndarray, "n by space"]
    inter: Float[np.ndarray, "n by space"]

    def __len__(self) -> int:
        return len(self.neuron)

    @cached_property
    def ratio(self) -> Float[np.ndarray, "n by space"]:
        """Distance within clusters over distance between them."""
        return ratios(self.intra, self.inter)

    def of_layer(self, layer: int) -> "Comparison":
        """The neurons of one layer."""
        here = self.layer == layer
        return Comparison(*(getattr(self, field.name)[here] for field in fields(self)))

    def values(self, measure: str, by: str) -> Float[np.ndarray, "n space"]:
        """A measure in every space, on the clusters of one space or of each its own."""
        table = getattr(self, measure)
        return np.diagonal(table, axis1=1, axis2=2) if by == EACH else table[:, COMPARED.index(by)]

    def wins(self, measure: str, by: str) -> Float[np.ndarray, "k space"]:
        """Score each space 1 where it is best, for neurons measured in all spaces; spaces that tie share the 1."""
        values = self.values(measure, by) * BEST[measure]
        values = values[np.isfinite(values).all(axis=1)]
        best = values == values.max(axis=1, keepdims=True, initial=-np.inf)
        return best / np.maximum(best.sum(axis=1, keepdims=True), 1)


def comparison(table: Mapping[str, np.ndarray]) -> Comparison:
    """Build the comparison from the columns of spaces.parquet."""
    square = (-1, len(COMPARED), len(COMPARED))
    return Comparison(
        table["layer"], table["neuron"], *(table[name].astype(np.float64).reshape(square) for name in STORED)
    )
