"""What travels on to the last stages: the features of a layer's neurons, beside the examples and texts behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float, Int, UInt8

from ne_core.text.windows import Window
from precompute.steps.activating_examples import LayerRows


@dataclass(frozen=True)
class Features:
    """The features of some neurons in a row: by example, by branch point, by feature and by neuron, each in order.

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
        """By field name, as a unit of work is saved."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "Features":
        return cls(**{field.name: arrays[field.name] for field in fields(cls)})


def joined(parts: Sequence[Features]) -> Features:
    """The features of neurons that follow each other, from those of some at a time."""
    names = [field.name for field in fields(Features)]
    return Features(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


@dataclass(frozen=True)
class LayerFound:
    """One layer with everything that was found in it."""

    rows: LayerRows
    features: Features

    @property
    def n_features(self) -> int:
        return len(self.features.size)

    @property
    def first_feature(self) -> Int[np.ndarray, " n_neurons"]:
        """The number over the layer of each neuron's feature 0."""
        return np.cumsum(self.features.n_features) - self.features.n_features

    @property
    def feature_of_row(self) -> Int[np.ndarray, " n_rows"]:
        """The feature of each row, numbered over the layer."""
        return self.first_feature[self.rows.neuron] + self.features.feature

    @property
    def central_rows(self) -> Int[np.ndarray, " n_features"]:
        """The row of each feature's central example, numbered over the layer."""
        return self.rows.offsets[self.features.neuron_of_feature] + self.features.central


@dataclass(frozen=True)
class Texts:
    """The dataset examples, what their token ids say, and the window that is shown around a key token.

    Where examples are images, each has one token, its label.
    """

    tokens: Int[np.ndarray, "n_examples n_ctx"]
    lengths: Int[np.ndarray, " n_examples"]
    vocab: list[str]
    window: Window
    images: UInt8[np.ndarray, "n_examples height width"] | None = None
