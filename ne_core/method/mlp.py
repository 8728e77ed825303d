"""MLP on images, used by the lab: h = relu(x · W_in + b_in), logits = h · W_out + b_out, x the pixels."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.method.layer import NeuronLayer


@dataclass(frozen=True)
class MLP:
    """A classifier of one hidden layer, as arrays."""

    W_in: Float[np.ndarray, "d_pixels d_hidden"]
    b_in: Float[np.ndarray, " d_hidden"]
    W_out: Float[np.ndarray, "d_hidden n_classes"]
    b_out: Float[np.ndarray, " n_classes"]

    @property
    def d_hidden(self) -> int:
        """Hidden neurons."""
        return len(self.b_in)

    @property
    def layer(self) -> NeuronLayer:
        """Hidden neurons as a neuron layer that reads pixels."""
        return NeuronLayer(self.W_in, self.b_in)

    def hidden(self, pixels: Float[np.ndarray, "n d_pixels"]) -> Float[np.ndarray, "n d_hidden"]:
        """Activations of the hidden layer."""
        return np.maximum(pixels @ self.W_in + self.b_in, 0)

    def logits(self, hidden: Float[np.ndarray, "n d_hidden"]) -> Float[np.ndarray, "n n_classes"]:
        """Logits of the classes from the hidden layer."""
        return hidden @ self.W_out + self.b_out


def predicted(logits: Float[np.ndarray, "n n_classes"]) -> Int[np.ndarray, " n"]:
    """Class of the highest logit, the first if tied."""
    return logits.argmax(axis=1)


def probabilities(logits: Float[np.ndarray, "n n_classes"]) -> Float[np.ndarray, "n n_classes"]:
    """Softmax over classes, computed after subtracting the highest logit."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def accuracy(mlp: MLP, hidden: Float[np.ndarray, "n d_hidden"], labels: Int[np.ndarray, " n"]) -> float:
    """Share of correctly predicted labels, from hidden activations or their reconstruction."""
    return float((predicted(mlp.logits(hidden)) == labels).mean())
