"""Which features pass: of one layer, of neurons of one class, of a size. Columns and masks, for any list of ids."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from ne_core.atlas import Atlas
from ne_core.method.classes import CLASSES, neuron_classes, second_sizes


@dataclass(frozen=True)
class FeatureFilter:
    """None lets every layer or class pass; `least` is the number of examples that a feature has at least."""

    layer: int | None = None
    kind: str | None = None
    least: int = 1

    def passing(self, atlas: Atlas, classes: Int[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
        """Over all features; `classes` as `feature_classes` has them."""
        passes = atlas.features["size"] >= self.least
        if self.layer is not None:
            passes &= atlas.features["layer"] == self.layer
        if self.kind is not None:
            passes &= classes == CLASSES.index(self.kind)
        return passes


def feature_classes(atlas: Atlas) -> Int[np.ndarray, " n"]:
    """The class of the neuron that each feature belongs to, as a place in CLASSES."""
    neurons = atlas.neurons
    second = second_sizes(neurons["n_features"], atlas.features["size"])
    return np.repeat(neuron_classes(neurons, second, atlas.manifest.default_cut), neurons["n_features"])
