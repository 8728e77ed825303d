"""Clusters of one neuron's examples: the features at any cut, and single branches."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas import Atlas, Neuron
from ne_core.method.agreement import baseline_importances
from ne_core.method.trees.node_colours import feature_colours
from ne_core.method.trees.nodes import feature_nodes, inner_distances, node_heights, parent_heights, rows_below
from ne_core.palette import Colour, feature_colour
from pages.components.text.labels import Label, label, labels_of

LISTED = 200


@dataclass(frozen=True)
class Cluster:
    """The examples below one node of the tree, a cluster of its own at cuts from `height` up to `parent`."""

    rows: Int[np.ndarray, " n_rows"]
    central: int
    distance: float
    height: float
    parent: float

    def __len__(self) -> int:
        return len(self.rows)


def features_at(neuron: Neuron, cut: float) -> list[Cluster]:
    """Features of a neuron with examples at a cut, largest first, as they are numbered."""
    nodes = feature_nodes(neuron.tree, neuron.features(cut), cut)
    return clusters(neuron, nodes.tolist())


def branch_at(neuron: Neuron, branch: int) -> Cluster:
    """Cluster below a branch point."""
    return clusters(neuron, [len(neuron) + branch])[0]


def clusters(neuron: Neuron, nodes: list[int]) -> list[Cluster]:
    tree, n = neuron.tree, len(neuron)
    measures = [measure(tree).tolist() for measure in (inner_distances, node_heights, parent_heights)]
    return [
        Cluster(
            rows,
            node if node < n else int(neuron.merge_central[node - n]),
            *(values[node] for values in measures),
        )
        for node, rows in zip(nodes, rows_below(tree, nodes), strict=True)
    ]


def colours_at(neuron: Neuron, cut: float) -> list[Colour]:
    """Colours of a neuron's features at a cut."""
    return colours_of(neuron.tree, neuron.features(cut), cut, neuron.default_cut)


def colours_of(
    tree: Float[np.ndarray, "m 4"], features: Int[np.ndarray, " n"], cut: float, default_cut: float
) -> list[Colour]:
    """Colours of `features` at a cut: at the default one by number, at others by the examples that they share."""
    numbers = feature_colours(tree, features, cut, default_cut)
    return [feature_colour(number) for number in numbers.tolist()]


def listed(n_features: int, current: int | None) -> list[int]:
    """Numbers of the features to list: the largest, and the current one. A low cut can make thousands."""
    return [i for i in range(n_features) if i < LISTED or i == current]


def shared(neuron: Neuron, feature: int, rows: Int[np.ndarray, " n_rows"]) -> tuple[int, int]:
    """Number of these examples in a feature of the neuron's default cut, and the size of that feature."""
    return int((neuron.feature[rows] == feature).sum()), int((neuron.feature == feature).sum())


def cluster_label(atlas: Atlas, neuron: Neuron, rows: Int[np.ndarray, " n_rows"]) -> Label:
    """Name that distinguishes these examples from the neuron's others; for a feature of the atlas its stored name."""
    others = np.ones(len(neuron), dtype=np.int64)
    others[rows] = 0
    return labels_of(atlas, neuron, others)[0]


def cluster_labels(atlas: Atlas, neuron: Neuron, clusters: list[Cluster], cut: float) -> list[Label]:
    """Names of all clusters at a cut."""
    if atlas.lists(neuron, cut):
        return [label(atlas, id) for id in atlas.feature_ids(neuron.ref)]
    group = np.zeros(len(neuron), dtype=np.int64)
    for i, cluster in enumerate(clusters):
        group[cluster.rows] = i
    return labels_of(atlas, neuron, group)


def reading_order(neuron: Neuron, cluster: Cluster) -> list[int]:
    """Rows in the default order: the central example, those with token importance, the rest; each by activation."""
    rows = cluster.rows
    unknown = ~np.isfinite(baseline_importances(neuron.window_importances[rows], 0)).any(axis=1)
    order = np.lexsort((-neuron.activation[rows].astype(np.float32), unknown, rows != cluster.central))
    return rows[order].tolist()
