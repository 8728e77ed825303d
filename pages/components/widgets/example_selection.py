"""Selection of a cluster's examples: filters, order, and one page of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.atlas import Atlas, Neuron
from ne_core.method.trees.nodes import join_heights
from ne_core.queries.duplicates import alike, endings
from ne_core.queries.maximum import percent
from ne_core.queries.sources import has_source
from pages.components.matching.text_filter import TextFilter
from pages.components.url.reading import Reading
from pages.components.widgets.clusters import Cluster, branch_at, features_at, reading_order


@dataclass(frozen=True)
class ExampleSelection:
    """The rows on one page, the number that pass the filters, and `distance` from the centre if sorted by it.

    Near duplicates follow the first of them; `first` is its index in `rows`, for every row.
    """

    rows: list[int]
    n_passing: int
    first: list[int]
    distance: list[float] | None = None

    @property
    def n_folded(self) -> int:
        return len(self.rows) - len(set(self.first))


def select_examples(
    atlas: Atlas, neuron: Neuron, cluster: Cluster, reading: Reading, at_default: bool
) -> ExampleSelection:
    """Filter and sort a cluster's examples. `at_default`: it is a feature at the default cut of the tree."""
    order = np.array(reading_order(neuron, cluster))
    order = order[passing(atlas, neuron, order, reading)]
    distance = distances(neuron, cluster, at_default)[order] if reading.by_distance else None
    if distance is not None:
        by_distance = np.argsort(-distance if reading.sort == "far" else distance, kind="stable")
        order, distance = order[by_distance], distance[by_distance]
    elif reading.sort == "activation":
        order = order[np.argsort(-neuron.activation[order].astype(np.float32), kind="stable")]
    span = slice(reading.span(len(order)).start, reading.span(len(order)).stop)
    groups = duplicates(atlas, neuron, order[span])
    place, first = np.array(list(chain.from_iterable(groups)), dtype=np.int64), firsts(groups)
    shown = None if distance is None else distance[span][place].tolist()
    return ExampleSelection(order[span][place].tolist(), len(order), first, shown)


def duplicates(atlas: Atlas, neuron: Neuron, rows: Int[np.ndarray, " k"]) -> list[list[int]]:
    """Group near duplicates among some rows; images have none, as their text is only a label."""
    return alike(endings(atlas, neuron, rows)) if atlas.images is None else [[i] for i in range(len(rows))]


def firsts(groups: Sequence[Sequence[int]]) -> list[int]:
    """Index of the first of its group for each member, when groups are put one after the other."""
    starts = np.cumsum([0, *(len(group) for group in groups)])
    return [start for start, group in zip(starts.tolist(), groups, strict=False) for _ in group]


def passing(atlas: Atlas, neuron: Neuron, rows: Int[np.ndarray, " k"], reading: Reading) -> Bool[np.ndarray, " k"]:
    """Mask of the rows that pass the filters."""
    share = percent(atlas, neuron)[rows]
    passes = np.ones(len(rows), dtype=bool)
    if reading.least is not None:
        passes &= share >= reading.least
    if reading.most is not None:
        passes &= share <= reading.most
    if reading.holds:
        passes &= TextFilter(atlas, reading.holds).passes(neuron, rows)
    if reading.source is not None:
        passes &= has_source(atlas, neuron, reading.source)[rows]
    return passes


def distances(neuron: Neuron, cluster: Cluster, at_default: bool) -> Float[np.ndarray, " n"]:
    """Distance of each row from the centre of its feature, else the height at which it joins the central one."""
    if at_default:
        return neuron.center_distance.astype(np.float64)
    return join_heights(neuron.tree, cluster.central)


def cluster_at(neuron: Neuron, cut: float, feature: int, branch: int | None) -> Cluster:
    """Cluster below a branch point if one is given, else the feature of this number at the cut."""
    return features_at(neuron, cut)[feature] if branch is None else branch_at(neuron, branch)
