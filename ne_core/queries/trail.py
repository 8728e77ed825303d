"""Trail of a feature: the features most similar to it, layer by layer, and links between successive layers.

The cosine of every feature with the seed selects the nodes, the nodes' vectors determine the links. Two nodes of
successive layers are linked if their cosine is at least `least`. Nodes of a layer form groups: connected components of
the relation “cosine at least `least`”. A node *splits* if its links to the next layer lead to several groups (two
neurons with the same meaning are one group), and *merges* if its links from the layer before come from several groups.

Cosines between some layers mean nothing (see method/comparable.py). No link connects such layers; splits and merges
count only if the two layers can be compared, and the linked nodes' layer with itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.method.comparable import MEANINGLESS, Verdict

Verdicts = Callable[[int, int], Verdict]  # verdict on two layers


@dataclass(frozen=True)
class Trail:
    """Nodes of a trail by layer, the nearest to the seed first; `alike` is the matrix of their cosines."""

    ids: Int[np.ndarray, " n"]
    layer: Int[np.ndarray, " n"]
    cosine: Float[np.ndarray, " n"]
    alike: Float[np.ndarray, "n n"]
    least: float
    verdicts: Verdicts

    @cached_property
    def layers(self) -> list[int]:
        """Layers with nodes."""
        return np.unique(self.layer).tolist()

    def nodes_of(self, layer: int) -> list[int]:
        """Indices of a layer's nodes."""
        return np.flatnonzero(self.layer == layer).tolist()

    @cached_property
    def links(self) -> list[tuple[int, int, float]]:
        """Links: indices of two nodes of successive layers, the earlier first, and their cosine."""
        return [
            (a, b, float(self.alike[a, b]))
            for one, next in zip(self.layers, self.layers[1:], strict=False)
            for a in self.nodes_of(one)
            for b in self.nodes_of(next)
            if self.alike[a, b] >= self.least and self.verdicts(one, next) not in MEANINGLESS
        ]

    @cached_property
    def n_links(self) -> Int[np.ndarray, "2 n"]:
        """Number of links of each node to the layer before and to the layer after."""
        ends = np.array([(b, a) for a, b, _ in self.links], dtype=np.int64).reshape(-1, 2)
        return np.stack([np.bincount(nodes, minlength=len(self.ids)) for nodes in ends.T])

    @cached_property
    def splits(self) -> dict[int, int]:
        """Nodes with links to several groups of the next layer: index and number of groups."""
        return self._groups(0)

    @cached_property
    def merges(self) -> dict[int, int]:
        """Nodes with links from several groups of the layer before: index and number of groups."""
        return self._groups(1)

    def _groups(self, end: int) -> dict[int, int]:
        others: dict[int, list[int]] = {}
        for link in self.links:
            if self._comparable(link[end], link[1 - end]):
                others.setdefault(link[end], []).append(link[1 - end])
        counts = {node: n_groups(self.alike[np.ix_(linked, linked)] >= self.least) for node, linked in others.items()}
        return {node: count for node, count in counts.items() if count > 1}

    def _comparable(self, node: int, other: int) -> bool:
        """True if the layer of `other` can be compared with the layer of `node` and with itself."""
        layer, other_layer = int(self.layer[node]), int(self.layer[other])
        return self.verdicts(layer, other_layer) == self.verdicts(other_layer, other_layer) == Verdict.COMPARABLE


def n_groups(alike: Bool[np.ndarray, "n n"]) -> int:
    """Number of connected components of a symmetric relation."""
    group = np.arange(len(alike))
    for _ in group:
        group = np.where(alike | np.eye(len(alike), dtype=bool), group, len(alike)).min(axis=1)
    return len(np.unique(group))


def trail_nodes(
    cosines: Float[np.ndarray, " n"],
    layers: Int[np.ndarray, " n"],
    seed: int,
    siblings: Sequence[int],
    per: int,
    least: float,
    excluded_layers: Sequence[int] = (),
) -> Int[np.ndarray, " k"]:
    """Select the seed and the `per` nearest features of each layer with a cosine of at least `least`.

    The result is ordered by layer, then the nearest first. `siblings` are the features of the seed's neuron: other
    meanings, never selected except the seed. Layers in `excluded_layers`, whose cosines with the seed mean nothing,
    contribute only the seed. In its own layer the seed counts as one of the `per`.
    """
    selectable = cosines >= least
    selectable[list(siblings)] = False
    selectable[np.isin(layers, list(excluded_layers))] = False
    selectable[seed] = True
    rank = np.where(np.arange(len(cosines)) == seed, np.inf, cosines)
    ids = np.flatnonzero(selectable)
    ids = ids[np.lexsort((ids, -rank[ids], layers[ids]))]
    first = np.searchsorted(layers[ids], layers[ids])
    return ids[np.arange(len(ids)) - first < per]


def trail(
    ids: Int[np.ndarray, " n"],
    layers: Int[np.ndarray, " n"],
    vectors: Float[np.ndarray, "n d"],
    seed: int,
    least: float,
    verdicts: Verdicts,
) -> Trail:
    """Build the trail through features with these ids, layers and vectors; `seed` is one of the ids."""
    units = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    alike = np.clip(units @ units.T, -1, 1)
    return Trail(ids, layers, alike[int(np.flatnonzero(ids == seed)[0])], alike, least, verdicts)


def layers_reached(
    similar: Int[np.ndarray, "n k"],
    layers: Int[np.ndarray, " n_features"],
    counted: Bool[np.ndarray, "n k"],
) -> Int[np.ndarray, " n"]:
    """Number of layers in which each feature has a similar one that is `counted`; −1 is no feature."""
    near = (similar >= 0) & counted
    similar_layers = layers[similar]
    in_layer = ((near & (similar_layers == layer)).any(axis=1) for layer in np.unique(layers))
    return sum(in_layer, start=np.zeros(len(similar), dtype=np.int64))  # an atlas may have no features
