"""Which examples of a cluster are read, and in what order."""

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
class Chosen:
    """The examples on one page, and how many pass in all; `distance` from the centre, where they are sorted by it."""

    rows: list[int]
    n_found: int
    distance: list[float] | None = None


def chosen(atlas: Atlas, neuron: Neuron, cluster: Cluster, reading: Reading, stored: bool) -> Chosen:
    """`stored` says whether the atlas knows distances from this cluster's centre: it does at its own cut."""
    order = np.array(reading_order(neuron, cluster))
    order = order[passing(atlas, neuron, order, reading)]
    away = distances(neuron, cluster, stored)[order] if reading.by_distance else None
    if away is not None:
        sorted_by = np.argsort(-away if reading.sort == "far" else away, kind="stable")
        order, away = order[sorted_by], away[sorted_by]
    elif reading.sort == "activation":
        order = order[np.argsort(-neuron.activation[order].astype(np.float32), kind="stable")]
    span = slice(reading.span(len(order)).start, reading.span(len(order)).stop)
    return Chosen(order[span].tolist(), len(order), None if away is None else away[span].tolist())


def passing(atlas: Atlas, neuron: Neuron, rows: Int[np.ndarray, " k"], reading: Reading) -> Bool[np.ndarray, " k"]:
    """Which of the rows the filters let through."""
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
    """Of each row from the centre of its feature, as stored; else the height at which it joins the central example."""
    if stored:
        return neuron.center_distance.astype(np.float64)
    return join_heights(neuron.tree, cluster.central)


def cluster_at(neuron: Neuron, cut: float, feature: int, branch: int | None) -> Cluster:
    """What hangs below a branch point where one is named, else the feature of this number at the cut."""
    return features_at(neuron, cut)[feature] if branch is None else branch_at(neuron, branch)
