"""Ranking of all neurons of an atlas: numpy columns, each sorted once, filtered by masks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from ne_core.atlas import Atlas
from ne_core.method.classes import CLASSES, class_counts, neuron_classes, second_sizes

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SPREAD = ("n_features", "mean_distance", "features")  # columns with quantiles by layer


@dataclass(frozen=True)
class Filter:
    """Filter of neurons by layer, class and ranges of columns (name, least, most); None does not filter."""

    layer: int | None = None
    kind: str | None = None
    ranges: tuple[tuple[str, float | None, float | None], ...] = ()


@dataclass(frozen=True)
class Ranking:
    """Columns of all neurons, a row each, in the order of the atlas's table; `class` is an index into CLASSES.

    `features` is the number of features at equal numbers of examples if the atlas has it, else the plain number.
    """

    columns: dict[str, np.ndarray] = field(repr=False)
    layers: tuple[int, ...]
    _orders: dict[tuple[str, bool], np.ndarray] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.columns["layer"])

    def rows(self, wanted: Filter, sort: str, descending: bool) -> Int[np.ndarray, " matches"]:
        """Rows that pass a filter, sorted by a column; NaN comes last, ties are in the order of the atlas."""
        order = self.order(sort, descending)
        return order if wanted == Filter() else order[self.passing(wanted)[order]]

    def passing(self, wanted: Filter) -> Bool[np.ndarray, " n"]:
        """Mask of the rows that pass a filter; NaN is in no range."""
        passes = np.ones(len(self), dtype=bool)
        if wanted.layer is not None:
            passes &= self.columns["layer"] == wanted.layer
        if wanted.kind is not None:
            passes &= self.columns["class"] == CLASSES.index(wanted.kind)
        for name, least, most in wanted.ranges:
            if least is not None:
                passes &= self.columns[name] >= least
            if most is not None:
                passes &= self.columns[name] <= most
        return passes

    def order(self, sort: str, descending: bool) -> Int[np.ndarray, " n"]:
        """All rows sorted by one column, cached: sorting takes tens of ms for half a million rows."""
        key = (sort, descending)
        if key not in self._orders:
            values = np.arange(len(self)) if sort == "neuron" else self.columns[sort]
            self._orders[key] = np.argsort(-values if descending else values, kind="stable").astype(np.int32)
        return self._orders[key]

    def ends(self, name: str) -> tuple[float, float] | None:
        """Lowest and highest number of a column; None if it has none."""
        return self._ends[name]

    @cached_property
    def _ends(self) -> dict[str, tuple[float, float] | None]:
        known = {name: values[np.isfinite(values)] for name, values in self.columns.items()}
        return {
            name: (float(values.min()), float(values.max())) if len(values) else None for name, values in known.items()
        }

    @cached_property
    def class_counts(self) -> Int[np.ndarray, "n_layers n_classes"]:
        """Number of neurons of each class, by layer."""
        return class_counts(self.columns["class"], self.columns["layer"], self.layers)

    def quantiles(self, name: str) -> Float[np.ndarray, "n_layers 5"]:
        """QUANTILES of a column over the neurons of each layer that have examples."""
        return self._quantiles[name]

    @cached_property
    def _quantiles(self) -> dict[str, np.ndarray]:
        alive, layer = self.columns["n_examples"] > 0, self.columns["layer"]
        masks = [alive & (layer == each) for each in self.layers]
        return {
            name: np.array([quantiles(self.columns[name][mask]) for mask in masks])
            for name in SPREAD
            if name in self.columns
        }


def ranking(atlas: Atlas) -> Ranking:
    """Build the ranking of an atlas."""
    table = atlas.neurons
    second = second_sizes(table["n_features"], atlas.features["size"])
    kinds = {"class": neuron_classes(table, second, atlas.manifest.default_cut)}
    return Ranking({**table, **kinds, "features": compared_features(atlas)}, atlas.layers)


def compared_features(atlas: Atlas) -> Shaped[np.ndarray, " n_neurons"]:
    """Number of features of each neuron, at equal numbers of examples if the atlas has it."""
    return atlas.neurons["n_features" if atlas.manifest.rarefied is None else "rarefied_features"]


def quantiles(values: Shaped[np.ndarray, " _"], of: Sequence[float] = QUANTILES) -> list[float]:
    """Quantiles of the finite values; NaN if there are none."""
    known = values[np.isfinite(values)]
    return np.quantile(known, of).tolist() if len(known) else [np.nan] * len(of)
