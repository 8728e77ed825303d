"""The board: every neuron of an atlas as numpy columns that are sorted once each and filtered by masks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from ne_core.atlas import Atlas
from ne_core.method.classes import CLASSES, class_counts, neuron_classes, second_sizes
from ne_core.queries.chance import below_random

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SPREAD = ("n_features", "mean_distance", "features")  # columns whose quantiles are told


@dataclass(frozen=True)
class Filter:
    """Which neurons: of a layer, of a class, with columns in ranges (name, least, most). None lets all pass."""

    layer: int | None = None
    kind: str | None = None
    ranges: tuple[tuple[str, float | None, float | None], ...] = ()


@dataclass(frozen=True)
class Board:
    """Every neuron, a row each, in the order of the atlas's table; `class` is a place in CLASSES.

    `features` is what neurons are compared by: those in random sets of so many examples where the atlas knows them,
    else all. `random` is how many percent of its layer's random directions have fewer, NaN where nobody knows.
    """

    columns: dict[str, np.ndarray] = field(repr=False)
    layers: tuple[int, ...]
    _orders: dict[tuple[str, bool], np.ndarray] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.columns["layer"])

    def rows(self, wanted: Filter, sort: str, descending: bool) -> Int[np.ndarray, " found"]:
        """The rows that pass, sorted by a column; what is not known comes last, ties in the order of the atlas."""
        order = self.order(sort, descending)
        return order if wanted == Filter() else order[self.passing(wanted)[order]]

    def passing(self, wanted: Filter) -> Bool[np.ndarray, " n"]:
        """NaN is in no range."""
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
        """All rows by one column: found once, as sorting is the slow part (tens of ms for half a million)."""
        key = (sort, descending)
        if key not in self._orders:
            values = np.arange(len(self)) if sort == "neuron" else self.columns[sort]
            self._orders[key] = np.argsort(-values if descending else values, kind="stable").astype(np.int32)
        return self._orders[key]

    def ends(self, name: str) -> tuple[float, float] | None:
        """The lowest and the highest number of a column; None without any."""
        return self._ends[name]

    @cached_property
    def _ends(self) -> dict[str, tuple[float, float] | None]:
        known = {name: values[np.isfinite(values)] for name, values in self.columns.items()}
        return {
            name: (float(values.min()), float(values.max())) if len(values) else None for name, values in known.items()
        }

    @cached_property
    def class_counts(self) -> Int[np.ndarray, "n_layers n_classes"]:
        return class_counts(self.columns["class"], self.columns["layer"], self.layers)

    def quantiles(self, name: str) -> Float[np.ndarray, "n_layers 5"]:
        """QUANTILES of a column over the living neurons of each layer."""
        return self._quantiles[name]

    @cached_property
    def _quantiles(self) -> dict[str, np.ndarray]:
        alive, layer = self.columns["n_examples"] > 0, self.columns["layer"]
        by_layer = [alive & (layer == each) for each in self.layers]
        return {
            name: np.array([quantiles(self.columns[name][here]) for here in by_layer])
            for name in SPREAD
            if name in self.columns
        }


def board(atlas: Atlas) -> Board:
    table = atlas.neurons
    second = second_sizes(table["n_features"], atlas.features["size"])
    kinds = {"class": neuron_classes(table, second, atlas.manifest.default_cut)}
    return Board({**table, **kinds, **compared_by(atlas)}, atlas.layers)


def compared_by(atlas: Atlas) -> dict[str, np.ndarray]:
    """`features` with the ends of its interval, and `random`."""
    table = atlas.neurons
    if atlas.manifest.rarefied is None:
        unknown = np.broadcast_to(np.float32(np.nan), len(table["layer"]))
        return {"features": table["n_features"], "random": unknown}
    share = below_random(atlas, "rarefied_features", "random_features")
    return {"features": table["rarefied_features"], "random": (100 * share).astype(np.float32)}


def quantiles(values: Shaped[np.ndarray, " _"], of: Sequence[float] = QUANTILES) -> list[float]:
    """NaN without values."""
    known = values[np.isfinite(values)]
    return np.quantile(known, of).tolist() if len(known) else [np.nan] * len(of)
