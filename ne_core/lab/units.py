"""One unit of the lab, a latent of a run or a hidden neuron of the MLP, with the arrays that its views need.

Both are neurons of a NeuronLayer: x is what the unit reads on every image, z = x · w + b, and its activation relu(z).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas.lab import Lab


@dataclass(frozen=True)
class Unit:
    """A unit; `effects` is what one unit of activation adds to each logit."""

    x: Float[np.ndarray, "n d_in"]
    w: Float[np.ndarray, " d_in"]
    b: float
    effects: Float[np.ndarray, " n_classes"]
    max_examples: int

    @cached_property
    def activation(self) -> Float[np.ndarray, " n"]:
        """Activation on every image."""
        return np.maximum(self.x @ self.w + self.b, 0)

    @cached_property
    def active(self) -> Int[np.ndarray, " n_active"]:
        """Images that activate the unit."""
        return np.flatnonzero(self.activation > 0)

    @property
    def examples(self) -> Int[np.ndarray, " n_rows"]:
        """Activating examples: the first of the active images, as an atlas keeps them."""
        return self.active[: self.max_examples]

    @cached_property
    def embeddings(self) -> Float[np.ndarray, "n_rows d_in"]:
        """Neuron embeddings of the activating examples."""
        return self.embed(self.x[self.examples])

    def embed(self, x: Float[np.ndarray, "k d_in"]) -> Float[np.ndarray, "k d_in"]:
        """Return e = x ⊙ w; sum(e) + b is the pre-activation."""
        return x * self.w


def latent(lab: Lab, run: int, number: int) -> Unit:
    """Return a latent of a run: it reads the hidden layer, and writes to the logits by its decoder row and W_out."""
    w = lab.weights["W_enc"][run, :, number].astype(np.float32)
    row = lab.weights["W_dec"][run, number].astype(np.float32)
    b = float(lab.weights["b_enc"][run, number])
    return Unit(lab.hidden, w, b, row @ lab.mlp.W_out, lab.facts["max_examples"])


def neuron(lab: Lab, number: int) -> Unit:
    """Return a hidden neuron of the MLP: it reads the pixels."""
    w, b = np.asarray(lab.mlp.W_in[:, number]), float(lab.mlp.b_in[number])
    return Unit(lab.x, w, b, np.asarray(lab.mlp.W_out[number]), lab.facts["max_examples"])
