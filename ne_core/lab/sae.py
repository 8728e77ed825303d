"""One sparse autoencoder of the sweep: z = h · W_enc + b_enc, f = relu(z), ĥ = f · W_dec + b_dec."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class SAE:
    W_enc: Float[np.ndarray, "d_hidden d_sae"]
    b_enc: Float[np.ndarray, " d_sae"]
    W_dec: Float[np.ndarray, "d_sae d_hidden"]
    b_dec: Float[np.ndarray, " d_hidden"]

    @property
    def d_sae(self) -> int:
        return len(self.b_enc)

    def latents(self, hidden: Float[np.ndarray, "n d_hidden"]) -> Float[np.ndarray, "n d_sae"]:
        return np.maximum(hidden @ self.W_enc + self.b_enc, 0)

    def reconstruction(self, latents: Float[np.ndarray, "n d_sae"]) -> Float[np.ndarray, "n d_hidden"]:
        return latents @ self.W_dec + self.b_dec
