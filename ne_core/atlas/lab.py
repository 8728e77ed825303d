"""Lab: the SAE lab of an atlas, with memory-mapped weights.

lab = atlas.lab                      # None for an atlas without a lab
lab.mlp.hidden(lab.pixels([7]))      # the input of the sparse autoencoders
lab.sae(3).latents(lab.hidden)       # every latent of run 3 on every image
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int, UInt8

from ne_core.method.mlp import MLP
from ne_core.method.sae import SAE
from ne_core.text.token_text import visible


@dataclass(frozen=True, repr=False)
class Lab:
    """Contents of an open lab, read-only. `facts` is lab.json, checked."""

    facts: dict
    images: UInt8[np.ndarray, "n_examples height width"]
    labels: Int[np.ndarray, " n_examples"]
    mlp: MLP
    runs: dict[str, np.ndarray]
    weights: dict[str, np.ndarray]

    @property
    def n_runs(self) -> int:
        """Number of autoencoders."""
        return len(self.runs["run"])

    @property
    def d_sae(self) -> int:
        """Latents of each autoencoder."""
        return self.weights["b_enc"].shape[1]

    @cached_property
    def classes(self) -> list[str]:
        """Names of the classes, with invisible characters replaced. They are untrusted: escape them in HTML."""
        return [visible(name) for name in self.facts["classes"]]

    def meaning(self, measure: str) -> str:
        """Return the description of a measure, written by the builder of the lab."""
        return visible(self.facts["measures"][measure])

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of an image."""
        return self.images.shape[1:]

    @property
    def shown_runs(self) -> dict[str, int]:
        """Runs shown by the atlas's layers, by kind: standard is layer 0, ne is layer 1."""
        return self.facts["shown"]

    def kind(self, run: int) -> str:
        """Return “ne” for a run trained with the neuron-embedding loss, else “standard”."""
        return "ne" if self.runs["lambda2"][run] > 0 else "standard"

    def sae(self, run: int) -> SAE:
        """Return the run's weights as float32."""
        return SAE(**{part: np.asarray(values[run], dtype=np.float32) for part, values in self.weights.items()})

    def pixels(self, images: Int[np.ndarray, " k"] | list[int]) -> Float[np.ndarray, "k d_pixels"]:
        """Return images as the MLP reads them, scaled to 0 to 1."""
        flat = self.images[np.asarray(images, dtype=np.int64)].reshape(len(images), -1)
        return flat / np.float32(self.facts["pixel_max"])

    @cached_property
    def x(self) -> Float[np.ndarray, "n_examples d_pixels"]:
        """All images as the MLP reads them."""
        return self.pixels(np.arange(len(self.images)))

    @cached_property
    def hidden(self) -> Float[np.ndarray, "n_examples d_hidden"]:
        """Hidden activations of the MLP on all images."""
        return self.mlp.hidden(self.x)
