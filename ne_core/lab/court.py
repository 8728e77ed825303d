"""One picture through the MLP, clean and by way of a sparse autoencoder: what fires, and what it does to the logits."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas.lab import Lab
from ne_core.method.mlp import MLP, predicted
from ne_core.method.sae import SAE

BLOCK = 2**12  # images whose latents are in memory at once


@dataclass(frozen=True)
class Through:
    """A picture as a run sees it: `contribution` of each latent to each logit; with `rest` they make the logits."""

    latents: Float[np.ndarray, " d_sae"]
    contribution: Float[np.ndarray, "d_sae n_classes"]
    rest: Float[np.ndarray, " n_classes"]

    @property
    def logits(self) -> Float[np.ndarray, " n_classes"]:
        return self.contribution.sum(axis=0) + self.rest

    @property
    def strongest(self) -> Int[np.ndarray, " n_active"]:
        """The latents that fire, the most active first."""
        order = np.argsort(-self.latents, kind="stable")
        return order[self.latents[order] > 0]


def through(mlp: MLP, sae: SAE, hidden: Float[np.ndarray, " d_hidden"]) -> Through:
    """logits = (f · W_dec + b_dec) · W_out + b_out, latent by latent."""
    latents = sae.latents(hidden[None])[0]
    return Through(latents, latents[:, None] * (sae.W_dec @ mlp.W_out), sae.b_dec @ mlp.W_out + mlp.b_out)


@dataclass(frozen=True)
class Seen:
    """A run on every image: the class that the MLP then predicts, and how many images activate each latent."""

    predicted: Int[np.ndarray, " n_examples"]
    n_active: Int[np.ndarray, " d_sae"]


def seen(lab: Lab, run: int) -> Seen:
    """Some images at a time: all latents of all images of MNIST would be large."""
    sae, classes, n_active = lab.sae(run), [], np.zeros(lab.d_sae, dtype=np.int64)
    for start in range(0, len(lab.hidden), BLOCK):
        latents = sae.latents(lab.hidden[start : start + BLOCK])
        n_active += (latents > 0).sum(axis=0)
        classes.append(predicted(lab.mlp.logits(sae.reconstruction(latents))))
    return Seen(np.concatenate(classes), n_active)
