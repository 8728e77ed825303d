"""Filter of features by layer, class of their neuron, size, and source of their examples."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from ne_core.atlas import Atlas
from ne_core.method.classes import CLASSES, neuron_classes, second_sizes


@dataclass(frozen=True)
class FeatureFilter:
    """Filter of features; None passes every layer, class or source.

    `least` is the minimum number of examples. Of a feature that passes, an example's source begins with `source`.
    """

    layer: int | None = None
    kind: str | None = None
    least: int = 1
    source: str | None = None

    def passing(
        self, atlas: Atlas, classes: Int[np.ndarray, " n"], n_from: Int[np.ndarray, " n"] | None = None
    ) -> Bool[np.ndarray, " n"]:
        """Mask of all features that pass; `classes` is `feature_classes(atlas)`.

        `n_from` is `examples_from(atlas, source)`, needed where there is a source.
        """
        passes = atlas.features["size"] >= self.least
        if self.layer is not None:
            passes &= atlas.features["layer"] == self.layer
        if self.kind is not None:
            passes &= classes == CLASSES.index(self.kind)
        if self.source is not None:
            passes &= n_from > 0
        return passes


def feature_classes(atlas: Atlas) -> Int[np.ndarray, " n"]:
    """Class of each feature's neuron, as an index into CLASSES."""
    neurons = atlas.neurons
    second = second_sizes(neurons["n_features"], atlas.features["size"])
    return np.repeat(neuron_classes(neurons, second, atlas.manifest.default_cut), neurons["n_features"])
