"""Sparse autoencoder: latents from its input, and the reconstruction from latents."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ne_core.method.layer import NeuronLayer


@dataclass(frozen=True)
class SAE:
    """Weights of an autoencoder in float32: f = relu(h · W_enc + b_enc), ĥ = f · W_dec + b_dec."""

    W_enc: Float[np.ndarray, "d_in d_sae"]
    b_enc: Float[np.ndarray, " d_sae"]
    W_dec: Float[np.ndarray, "d_sae d_in"]
    b_dec: Float[np.ndarray, " d_in"]

    @property
    def d_sae(self) -> int:
        """Latents."""
        return len(self.b_enc)

    @property
    def layer(self) -> NeuronLayer:
        """Latents as a neuron layer that reads h."""
        return NeuronLayer(self.W_enc, self.b_enc)

    def latents(self, h: Float[np.ndarray, "n d_in"]) -> Float[np.ndarray, "n d_sae"]:
        """f = relu(h·W_enc + b_enc)."""
        return np.maximum(h @ self.W_enc + self.b_enc, 0)

    def reconstruction(self, f: Float[np.ndarray, "n d_sae"]) -> Float[np.ndarray, "n d_in"]:
        """ĥ = f·W_dec + b_dec."""
        return f @ self.W_dec + self.b_dec
