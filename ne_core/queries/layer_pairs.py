"""Comparability of the layers of an atlas, pair by pair, in a space.

    pairs = LayerPairs(atlas, "pre_mlp")
    pairs.verdict(1, 2)          # Verdict.COMPARABLE
    pairs.matches(1, 2).share    # 0.75: share of layer 1's features with a match in layer 2 beyond chance

A pair is measured on first use and cached; the vectors of layers are not.
"""

import numpy as np

from ne_core.atlas import Atlas
from ne_core.method.comparable import FEWEST, TARGETS, LayerVectors, Matches, Verdict, matches, verdict
from ne_core.queries.space_index import space_index


class LayerPairs:
    """Cached matches and verdicts; random samples are seeded by layer numbers, so results are reproducible."""

    def __init__(self, atlas: Atlas, space: str):
        self.atlas, self.space = atlas, space
        self._measured: dict[tuple[int, int], Matches | None] = {}

    def matches(self, layer: int, other: int) -> Matches | None:
        """Match `layer`'s features in `other`; None if one has too few. Raises AtlasError for a damaged index."""
        if (layer, other) not in self._measured:
            self._measure(layer, other)
        return self._measured[layer, other]

    def verdict(self, layer: int, other: int, least: float | None = None) -> Verdict:
        """Return the verdict on two layers, for cosines of at least `least`."""
        return verdict([self.matches(layer, other), self.matches(other, layer)], least)

    def verdicts(self, layer: int, least: float | None = None) -> dict[int, Verdict]:
        """Return the verdicts on a layer and every layer of the atlas, itself included."""
        return {other: self.verdict(layer, other, least) for other in self.atlas.layers}

    def _measure(self, layer: int, other: int) -> None:
        """Measure both directions: reading the vectors takes as long as comparing them."""
        one, two = self._vectors(layer), self._vectors(other)
        enough = min(len(one), len(two)) >= FEWEST
        for (a, vectors), (b, targets) in (((layer, one), (other, two)), ((other, two), (layer, one))):
            self._measured[a, b] = matches(vectors, targets, a == b, seed=a) if enough else None

    def _vectors(self, layer: int) -> LayerVectors:
        ids = np.flatnonzero(self.atlas.features["layer"] == layer)
        if len(ids) > TARGETS:
            ids = np.sort(np.random.default_rng(layer).choice(ids, TARGETS, replace=False))
        vectors = space_index(self.atlas, self.space).vectors(ids)
        units = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return LayerVectors(units, np.asarray(self.atlas.features["neuron"][ids]))
