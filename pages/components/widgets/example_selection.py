"""Selection of a cluster's examples: filters, order, and one page of them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.atlas import Atlas, Neuron
from ne_core.method.nodes import join_heights
from ne_core.queries.maximum import percent
from pages.components.matching.text_filter import TextFilter
from pages.components.url.reading import Reading
from pages.components.widgets.clusters import Cluster, branch_at, features_at, reading_order


@dataclass(frozen=True)
class ExampleSelection:
    """The rows on one page, the number that pass the filters, and `distance` from the centre if sorted by it."""

    rows: list[int]
    n_passing: int
    distance: list[float] | None = None


def select_examples(atlas: Atlas, neuron: Neuron, cluster: Cluster, reading: Reading, stored: bool) -> ExampleSelection:
    """Filter and sort a cluster's examples. `stored`: the atlas has distances from its centre (at its own cut)."""
    order = np.array(reading_order(neuron, cluster))
    order = order[passing(atlas, neuron, order, reading)]
    distance = distances(neuron, cluster, stored)[order] if reading.by_distance else None
    if distance is not None:
        by_distance = np.argsort(-distance if reading.sort == "far" else distance, kind="stable")
        order, distance = order[by_distance], distance[by_distance]
    elif reading.sort == "activation":
        order = order[np.argsort(-neuron.activation[order].astype(np.float32), kind="stable")]
    span = slice(reading.span(len(order)).start, reading.span(len(order)).stop)
    return ExampleSelection(order[span].tolist(), len(order), None if distance is None else distance[span].tolist())


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
    return passes


def distances(neuron: Neuron, cluster: Cluster, stored: bool) -> Float[np.ndarray, " n"]:
    """Stored distance of each row from the centre of its feature, else the height at which it joins the central one."""
    if stored:
        return neuron.center_distance.astype(np.float64)
    return join_heights(neuron.tree, cluster.central)


def cluster_at(neuron: Neuron, cut: float, feature: int, branch: int | None) -> Cluster:
    """Cluster below a branch point if one is given, else the feature of this number at the cut."""
    return features_at(neuron, cut)[feature] if branch is None else branch_at(neuron, branch)
