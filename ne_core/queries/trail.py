"""A concept's trail: the features most similar to one, layer by layer, and which of successive layers are alike.

Pure arrays: the cosine of every feature with the seed chooses the nodes, the nodes' own vectors make the links. Two
nodes of successive layers are linked when their cosine is at least `least`. A node *splits* when those that it is
linked to in the next layer are not one group, where alike nodes (again at least `least`) of a layer, directly or by
way of others, are one group: two neurons that say the same are no split. It *merges* when that is so of those before.

Cosines between some layers say nothing (see method/comparable.py): between those no link is drawn, and splits and
merges are counted only where both layers, and the nodes of the one that would be split into, can be compared.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.method.comparable import MEANINGLESS, Verdict

Verdicts = Callable[[int, int], Verdict]  # what a comparison of two layers is worth


@dataclass(frozen=True)
class Trail:
    """The nodes by layer, the nearest to the seed first; `alike` holds all cosines among them."""

    ids: Int[np.ndarray, " n"]
    layer: Int[np.ndarray, " n"]
    cosine: Float[np.ndarray, " n"]
    alike: Float[np.ndarray, "n n"]
    least: float
    verdicts: Verdicts

    @cached_property
    def layers(self) -> list[int]:
        """Those that have a node."""
        return np.unique(self.layer).tolist()

    def at(self, layer: int) -> list[int]:
        """Places of a layer's nodes."""
        return np.flatnonzero(self.layer == layer).tolist()

    @cached_property
    def links(self) -> list[tuple[int, int, float]]:
        """Places of two nodes of successive layers, the earlier first, and their cosine."""
        return [
            (a, b, float(self.alike[a, b]))
            for one, next in zip(self.layers, self.layers[1:], strict=False)
            for a in self.at(one)
            for b in self.at(next)
            if self.alike[a, b] >= self.least and self.verdicts(one, next) not in MEANINGLESS
        ]

    @cached_property
    def n_links(self) -> Int[np.ndarray, "2 n"]:
        """How many links each node has to the layer before and to the one after."""
        ends = np.array([(b, a) for a, b, _ in self.links], dtype=np.int64).reshape(-1, 2)
        return np.stack([np.bincount(places, minlength=len(self.ids)) for places in ends.T])

    @cached_property
    def splits(self) -> dict[int, int]:
        """Nodes whose links go on to several groups: place, number of groups."""
        return self._groups(0)

    @cached_property
    def merges(self) -> dict[int, int]:
        """Nodes whose links come from several groups: place, number of groups."""
        return self._groups(1)

    def _groups(self, end: int) -> dict[int, int]:
        others: dict[int, list[int]] = {}
        for link in self.links:
            if self._told_apart(link[end], link[1 - end]):
                others.setdefault(link[end], []).append(link[1 - end])
        counts = {node: n_groups(self.alike[np.ix_(at, at)] >= self.least) for node, at in others.items()}
        return {node: count for node, count in counts.items() if count > 1}

    def _told_apart(self, node: int, other: int) -> bool:
        """Whether the other's layer can be compared with the node's, and within itself."""
        layer, there = (int(self.layer[place]) for place in (node, other))
        return self.verdicts(layer, there) == self.verdicts(there, there) == Verdict.COMPARABLE


def n_groups(alike: Bool[np.ndarray, "n n"]) -> int:
    """How many groups hang together by a symmetric relation."""
    group = np.arange(len(alike))
    for _ in group:
        group = np.where(alike | np.eye(len(alike), dtype=bool), group, len(alike)).min(axis=1)
    return len(np.unique(group))


def chosen(
    cosines: Float[np.ndarray, " n"],
    layers: Int[np.ndarray, " n"],
    seed: int,
    own: Sequence[int],
    per: int,
    least: float,
    without: Sequence[int] = (),
) -> Int[np.ndarray, " k"]:
    """The seed and the `per` features of each layer nearest to it, at least `least`: by layer, the nearest first.

    None of the layers `without` but the seed itself: those whose cosines with it say nothing.

    `own` are the features of the seed's neuron, of which the seed alone is taken: its others are other meanings. In
    its own layer the seed is one of the `per`.
    """
    open_to = cosines >= least
    open_to[list(own)] = False
    open_to[np.isin(layers, list(without))] = False
    open_to[seed] = True
    rank = np.where(np.arange(len(cosines)) == seed, np.inf, cosines)
    ids = np.flatnonzero(open_to)
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
    """The trail through these features, each with its layer and its vector; `seed` is one of the ids."""
    units = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    alike = np.clip(units @ units.T, -1, 1)
    return Trail(ids, layers, alike[int(np.flatnonzero(ids == seed)[0])], alike, least, verdicts)


def layers_reached(
    similar: Int[np.ndarray, "n k"],
    layers: Int[np.ndarray, " n_features"],
    counted: Bool[np.ndarray, "n k"],
) -> Int[np.ndarray, " n"]:
    """In how many layers each feature has a similar one that is counted; −1 is no feature."""
    near = (similar >= 0) & counted
    where = layers[similar]
    in_layer = ((near & (where == layer)).any(axis=1) for layer in np.unique(layers))
    return sum(in_layer, start=np.zeros(len(similar), dtype=np.int64))  # an atlas may have no features
