"""Features of a unit of the lab at any cut, and the feature nearest to a new input."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.lab.units import Unit
from ne_core.method.measures import Measures, measures
from ne_core.method.trees.cluster import central_of, cut, merge_central, similarities, unit
from ne_core.method.trees.linkage import light_tree


@dataclass(frozen=True)
class UnitFeatures:
    """Tree of a unit that is not dead. Rows are its activating examples, in their order."""

    embeddings: Float[np.ndarray, "n d_in"]
    tree: Float[np.ndarray, "m 4"]
    merge_central: Int[np.ndarray, " m"]

    def features(self, distance: float) -> Int[np.ndarray, " n"]:
        """Return the feature of each example at a cut, numbered from 0, largest first."""
        return cut(self.tree, distance)

    def central(self, distance: float) -> Int[np.ndarray, " n_features"]:
        """Return the row of the central example of each feature at that cut."""
        return central_of(self.tree, self.merge_central, self.features(distance), distance)

    def measures(self, distance: float) -> Measures:
        """The measures of the unit's features at a cut."""
        return measures(self.tree, distance)


def unit_features(lab_unit: Unit) -> UnitFeatures | None:
    """Cluster a unit's activating examples; None for a dead unit."""
    if not len(lab_unit.examples):
        return None
    cosines = similarities(lab_unit.embeddings)
    linkage = light_tree(cosines)
    return UnitFeatures(lab_unit.embeddings, linkage, merge_central(linkage, cosines))


@dataclass(frozen=True)
class NearestFeature:
    """The feature nearest to a new input, its mean distance, and whether that is within the cut."""

    feature: int
    distance: float
    within_cut: bool


def nearest_feature(
    embedding: Float[np.ndarray, " d_in"],
    embeddings: Float[np.ndarray, "n d_in"],
    features: Int[np.ndarray, " n"],
    distance: float,
) -> NearestFeature:
    """Find the feature with the least mean cosine distance to an input, where average linkage would join it."""
    distances = 1 - np.clip(unit(embeddings.astype(np.float64)) @ unit(embedding[None].astype(np.float64))[0], -1, 1)
    means = np.bincount(features, distances) / np.bincount(features)
    nearest = int(means.argmin())
    return NearestFeature(nearest, float(means[nearest]), bool(means[nearest] <= distance))
