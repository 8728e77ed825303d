"""Input of an image atlas: images with their labels, and layers of neurons with their activations on all of them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt8

from ne_core.method.layer import NeuronLayer


@dataclass(frozen=True)
class ImageLayer:
    """One layer: a row of `x` and of `activations` for each image.

    `logits` is the change of each class's logit for one unit of each neuron's activation.
    """

    name: str
    weights: NeuronLayer
    x: Float[np.ndarray, "n d_in"]
    activations: Float[np.ndarray, "n n_neurons"]
    logits: Float[np.ndarray, "n_neurons n_classes"]


@dataclass(frozen=True)
class ImageSet:
    """Images of one size, and the class of each as an index into `classes`."""

    images: UInt8[np.ndarray, "n height width"]
    labels: Int[np.ndarray, " n"]
    classes: list[str]

    def __len__(self) -> int:
        return len(self.images)
