"""Report of the part `duplicates`: what changes when near duplicates of an example are left out of a neuron.

An example is a near duplicate if an earlier one of the neuron ends alike at the key token
(ne_core/queries/duplicates.py). The rest is clustered anew from the stored inputs, as a build with
`--near-duplicates drop` does.
"""

from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields, replace
from itertools import starmap

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas import Atlas, Neuron
from ne_core.atlas.data import BY_ROW
from ne_core.atlas.names import layer_mark
from ne_core.method.classes import CLASSES, NAMES, neuron_classes
from ne_core.method.embeddings import Embedder
from ne_core.method.measures import measures
from ne_core.queries.duplicates import distinct_rows
from ne_core.queries.in_embedding import in_embedding, other_rows
from ne_core.refs import NeuronRef
from precompute.report import Figure, Report, aligned
from precompute.run.progress import OnProgress, counted, silent

HEAD = """\
What changes when near duplicates of an example are left out of a neuron: examples whose text ends alike at the key
token. Before: the atlas. After: the examples that are left, clustered anew from the stored inputs.
"""
UNITS = {
    "neurons": "neurons",
    "features": "features",
    "suggested": "features",
    "distance": "cosine distance",
}  # not shares


@dataclass(frozen=True)
class Measured:
    """Measures of one neuron with examples: at the atlas's cut, and its number of features at the suggested cut.

    `n_suggested` is 0 without a suggested cut.
    """

    n_examples: int
    n_features: int
    largest_share: float
    second: int
    mean_distance: float
    inter_distance: float
    n_suggested: int


Table = Float[np.ndarray, "n measures"]  # a row per neuron, the fields of Measured


def measure_layer(atlas: Atlas, layer: int) -> tuple[Table, Table]:
    """Measure the neurons of a layer that have examples, before and after."""
    embedder, before, after = atlas.embedder(layer), [], []
    for number in range(atlas.n_neurons(layer)):
        neuron = atlas.neuron(NeuronRef(layer, number))
        if not len(neuron):
            continue
        before.append(measured(neuron))
        rows = distinct_rows(atlas, neuron)
        after.append(before[-1] if len(rows) == len(neuron) else measured(reduced(atlas, neuron, rows, embedder)))
    return tuple(np.array([astuple(each) for each in table]).reshape(len(table), -1) for table in (before, after))


def reduced(atlas: Atlas, neuron: Neuron, rows: Int[np.ndarray, " k"], embedder: Embedder) -> Neuron:
    """Return the neuron of some of its rows, with the tree of their inputs."""
    x, w = atlas.neuron_inputs(neuron.ref)[rows], atlas.weights(neuron.ref.layer).W_in[:, neuron.ref.neuron]
    others = atlas.layer_inputs(neuron.ref.layer).x[other_rows(atlas, neuron.ref)]
    manifest, left = atlas.manifest, replace(neuron, **{name: getattr(neuron, name)[rows] for name in BY_ROW})
    return in_embedding(left, x, w, embedder, manifest.embedding, others, manifest.default_cut)


def measured(neuron: Neuron) -> Measured:
    at_cut, sizes = measures(neuron.tree, neuron.default_cut), np.bincount(neuron.feature)
    suggested = neuron.suggested_cut
    return Measured(
        at_cut.n_examples,
        at_cut.n_features,
        at_cut.largest_share,
        int(np.sort(sizes)[-2]) if len(sizes) > 1 else 0,
        at_cut.mean_distance,
        at_cut.inter_distance,
        0 if suggested is None else measures(neuron.tree, suggested).n_features,
    )


@dataclass(frozen=True)
class Change:
    """Neurons with examples before and after, and the cut that classes depend on."""

    before: Table
    after: Table
    cut: float

    @property
    def facts(self) -> dict[str, float]:
        """Numbers of the table by their titles; shares are from 0 to 1."""
        kinds = self.classes(self.before), self.classes(self.after)
        n, k, suggested = (
            (column(self.before, name), column(self.after, name))
            for name in ("n_examples", "n_features", "n_suggested")
        )
        distance, share = (
            (np.nanmean(column(self.before, name)), np.nanmean(column(self.after, name)))
            for name in ("mean_distance", "largest_share")
        )
        facts = {
            "neurons": len(self.before),
            "left out": 1 - n[1].sum() / n[0].sum(),
            "neurons with any": np.mean(n[1] < n[0]),
            "features": k[0].mean(),
            "features, after": k[1].mean(),
            "distance": distance[0],
            "distance, after": distance[1],
            "largest": share[0],
            "largest, after": share[1],
            "suggested": suggested[0].mean(),
            "suggested, after": suggested[1].mean(),
            "suggested changes": np.mean(suggested[0] != suggested[1]),
            "class changes": np.mean(kinds[0] != kinds[1]),
        }
        return {name: float(value) for name, value in facts.items()}

    @property
    def class_counts(self) -> list[list[str]]:
        """Neurons of each class, before and after."""
        tables = [np.bincount(self.classes(table), minlength=len(CLASSES)) for table in (self.before, self.after)]
        return [
            [NAMES[name], *(f"{counts[i]:,}" for counts in tables)] for i, name in enumerate(CLASSES) if name != "dead"
        ]

    def classes(self, table: Table) -> Int[np.ndarray, " n"]:
        """Class of each neuron, from measures rounded as the atlas stores them."""
        neurons = {field.name: np.float32(column(table, field.name)) for field in fields(Measured)}
        return neuron_classes(neurons, neurons["second"].astype(np.int32), self.cut)


def column(table: Table, name: str) -> Float[np.ndarray, " n"]:
    return table[:, [field.name for field in fields(Measured)].index(name)]


def cell(title: str, value: float) -> str:
    return f"{value:,.0f}" if title == "neurons" else f"{value:.3f}"


def evaluate_duplicates(atlas: Atlas, on_progress: OnProgress = silent) -> Report:
    """Return the table and the figures. Raises AtlasError for an atlas without inputs."""
    atlas.layer_inputs(atlas.layers[0])  # raises if there are none
    layers = {
        layer_mark(atlas.manifest, layer): measure_layer(atlas, layer) for layer in counted(atlas.layers, on_progress)
    }
    whole = tuple(np.concatenate(tables) for tables in zip(*layers.values(), strict=True))
    changes = {name: Change(*tables, atlas.manifest.default_cut) for name, tables in {**layers, "all": whole}.items()}
    table = aligned(
        [["layer", *changes["all"].facts], *([name, *starmap(cell, c.facts.items())] for name, c in changes.items())]
    )
    counts = aligned([["class", "before", "after"], *changes["all"].class_counts])
    return Report(f"{HEAD}\n{table}\n\n{counts}", tuple(figures(changes["all"], atlas.root.name)))


def figures(change: Change, atlas: str) -> Iterator[Figure]:
    for name, value in change.facts.items():
        spelled = name.replace(",", "").replace(" ", "_")
        yield Figure(f"duplicates_{spelled}_{atlas}", value, UNITS.get(name.split(",")[0], "share"))
