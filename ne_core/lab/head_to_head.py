"""One image through the MLP and a sparse autoencoder: active latents, and their contributions to the logits."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas.lab import Lab
from ne_core.method.mlp import MLP, predicted
from ne_core.method.sae import SAE

BLOCK = 2**12  # images whose latents are in memory at once


@dataclass(frozen=True)
class SAEForward:
    """Latents of one image; logits are the sum of the `contribution` of each latent, plus `rest`."""

    latents: Float[np.ndarray, " d_sae"]
    contribution: Float[np.ndarray, "d_sae n_classes"]
    rest: Float[np.ndarray, " n_classes"]

    @property
    def logits(self) -> Float[np.ndarray, " n_classes"]:
        """The logits of the reconstruction: contributions of the latents and the rest."""
        return self.contribution.sum(axis=0) + self.rest

    @property
    def strongest(self) -> Int[np.ndarray, " n_active"]:
        """Active latents, the most active first."""
        order = np.argsort(-self.latents, kind="stable")
        return order[self.latents[order] > 0]


def sae_forward(mlp: MLP, sae: SAE, hidden: Float[np.ndarray, " d_hidden"]) -> SAEForward:
    """Run one image through a SAE: logits = (f · W_dec + b_dec) · W_out + b_out, latent by latent."""
    latents = sae.latents(hidden[None])[0]
    return SAEForward(latents, latents[:, None] * (sae.W_dec @ mlp.W_out), sae.b_dec @ mlp.W_out + mlp.b_out)


@dataclass(frozen=True)
class Predictions:
    """The class that the MLP predicts for every image, and the number of images that activate each latent."""

    predicted: Int[np.ndarray, " n_examples"]
    n_active: Int[np.ndarray, " d_sae"]


def predict_images(lab: Lab, run: int) -> Predictions:
    """Run the MLP with a run's reconstructions of all images, in blocks: all latents of MNIST need much memory."""
    sae, predictions, n_active = lab.sae(run), [], np.zeros(lab.d_sae, dtype=np.int64)
    for start in range(0, len(lab.hidden), BLOCK):
        latents = sae.latents(lab.hidden[start : start + BLOCK])
        n_active += (latents > 0).sum(axis=0)
        predictions.append(predicted(lab.mlp.logits(sae.reconstruction(latents))))
    return Predictions(np.concatenate(predictions), n_active)
