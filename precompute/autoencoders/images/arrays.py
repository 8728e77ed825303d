"""What an atlas of images is made of: images with their labels, and layers of neurons that have seen them all."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt8

from ne_core.method.layer import NeuronLayer


@dataclass(frozen=True)
class ImageLayer:
    """One layer: a row of `x` and of `activations` for each image.

    `logits` is what one unit of each neuron's activation adds to each class's logit.
    """

    name: str
    weights: NeuronLayer
    x: Float[np.ndarray, "n d_in"]
    activations: Float[np.ndarray, "n n_neurons"]
    logits: Float[np.ndarray, "n_neurons n_classes"]


@dataclass(frozen=True)
class ImageSet:
    """Images of one size, and the class of each as a place in `classes`."""

    images: UInt8[np.ndarray, "n height width"]
    labels: Int[np.ndarray, " n"]
    classes: list[str]

    def __len__(self) -> int:
        return len(self.images)
