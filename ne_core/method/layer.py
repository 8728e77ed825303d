"""A layer of neurons: its input weights, and the embeddings of a neuron's examples."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class NeuronLayer:
    """Input weights and biases of one layer of neurons (METHOD: z = x · W_in + b_in)."""

    W_in: Float[np.ndarray, "d_in n_neurons"]
    b_in: Float[np.ndarray, " n_neurons"]

    @property
    def d_in(self) -> int:
        """Inputs of each neuron."""
        return self.W_in.shape[0]

    @property
    def n_neurons(self) -> int:
        """Neurons of the layer."""
        return self.W_in.shape[1]

    def embed(self, x: Float[np.ndarray, "n d_in"], neuron: int) -> Float[np.ndarray, "n d_in"]:
        """Neuron embeddings e = x ⊙ W_in[:, neuron] (Foote 2024); they sum to the pre-activation less its bias."""
        return x * self.W_in[:, neuron]
