"""The features of a unit of the lab, made here and now at any cut; and which of them a new input falls into."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.lab.units import Unit
from ne_core.method.cluster import central_of, cut, merge_central, similarities, unit
from ne_core.method.linkage import light_tree
from ne_core.method.measures import Measures, measures


@dataclass(frozen=True)
class Meanings:
    """A living unit's tree and what is read off it. Rows are its activating examples, in their order."""

    embeddings: Float[np.ndarray, "n d_in"]
    tree: Float[np.ndarray, "m 4"]
    merge_central: Int[np.ndarray, " m"]

    def features(self, distance: float) -> Int[np.ndarray, " n"]:
        """Feature of each example at a cut, the largest being 0."""
        return cut(self.tree, distance)

    def central(self, distance: float) -> Int[np.ndarray, " n_features"]:
        """The row at the centre of each feature of that cut."""
        return central_of(self.tree, self.merge_central, self.features(distance), distance)

    def measures(self, distance: float) -> Measures:
        return measures(self.tree, distance)


def meanings(of: Unit) -> Meanings | None:
    """None for a dead unit: without examples there is nothing to cluster."""
    if not len(of.examples):
        return None
    cosines = similarities(of.embeddings)
    linkage = light_tree(cosines)
    return Meanings(of.embeddings, linkage, merge_central(linkage, cosines))


@dataclass(frozen=True)
class Place:
    """The feature nearest to a new input and how far it is; it falls into it where that is within the cut."""

    feature: int
    distance: float
    falls_in: bool


def place(
    embedding: Float[np.ndarray, " d_in"],
    embeddings: Float[np.ndarray, "n d_in"],
    features: Int[np.ndarray, " n"],
    distance: float,
) -> Place:
    """By mean cosine distance to the members of each feature, the height at which average linkage would join it."""
    apart = 1 - np.clip(unit(embeddings.astype(np.float64)) @ unit(embedding[None].astype(np.float64))[0], -1, 1)
    means = np.bincount(features, apart) / np.bincount(features)
    nearest = int(means.argmin())
    return Place(nearest, float(means[nearest]), bool(means[nearest] <= distance))
