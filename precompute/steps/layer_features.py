"""Features of a layer's neurons with their examples and texts, the input of the last steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float, Int, UInt8

from ne_core.text.windows import Window
from precompute.steps.activating_examples import ActivatingExamples


@dataclass(frozen=True)
class Features:
    """Features of consecutive neurons, as columns by example, by branch point, by feature and by neuron.

    `rank` orders the examples of a feature from its central one (0) outwards, by mean similarity to the rest;
    `center_distance` is the cosine distance to the mean direction of the feature.
    """

    feature: Int[np.ndarray, " n_rows"]
    rank: Int[np.ndarray, " n_rows"]
    center_distance: Float[np.ndarray, " n_rows"]
    trees: Float[np.ndarray, "n_merges 4"]
    merge_central: Int[np.ndarray, " n_merges"]
    size: Int[np.ndarray, " n_features"]
    central: Int[np.ndarray, " n_features"]
    feature_distance: Float[np.ndarray, " n_features"]
    n_examples: Int[np.ndarray, " n_neurons"]
    n_features: Int[np.ndarray, " n_neurons"]
    mean_distance: Float[np.ndarray, " n_neurons"]
    max_distance: Float[np.ndarray, " n_neurons"]
    intra_distance: Float[np.ndarray, " n_neurons"]
    inter_distance: Float[np.ndarray, " n_neurons"]
    largest_share: Float[np.ndarray, " n_neurons"]
    background_distance: Float[np.ndarray, " n_neurons"]
    suggested_cut: Float[np.ndarray, " n_neurons"]
    n_suggested: Int[np.ndarray, " n_neurons"]

    @property
    def neuron_of_feature(self) -> Int[np.ndarray, " n_features"]:
        return np.repeat(np.arange(len(self.n_features)), self.n_features)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays by field name, to save a unit of work."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "Features":
        return cls(**{field.name: arrays[field.name] for field in fields(cls)})


def concatenate(parts: Sequence[Features]) -> Features:
    """Concatenate the features of consecutive neurons."""
    names = [field.name for field in fields(Features)]
    return Features(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


@dataclass(frozen=True)
class LayerFeatures:
    """One layer: its activating examples and features."""

    rows: ActivatingExamples
    features: Features

    @property
    def n_features(self) -> int:
        return len(self.features.size)

    @property
    def first_feature(self) -> Int[np.ndarray, " n_neurons"]:
        """Index of each neuron's feature 0 among all features of the layer."""
        return np.cumsum(self.features.n_features) - self.features.n_features

    @property
    def feature_of_row(self) -> Int[np.ndarray, " n_rows"]:
        """Feature of each row, numbered over the layer."""
        return self.first_feature[self.rows.neuron] + self.features.feature

    @property
    def central_rows(self) -> Int[np.ndarray, " n_features"]:
        """Row of each feature's central example, numbered over the layer."""
        return self.rows.offsets[self.features.neuron_of_feature] + self.features.central


@dataclass(frozen=True)
class Texts:
    """Dataset examples, the vocabulary of their token ids, and the window shown around a key token.

    An image has one token, its label.
    """

    tokens: Int[np.ndarray, "n_examples n_ctx"]
    lengths: Int[np.ndarray, " n_examples"]
    vocab: list[str]
    window: Window
    images: UInt8[np.ndarray, "n_examples height width"] | None = None
