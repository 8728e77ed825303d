"""Lab: the lab of an atlas, opened once, its weights read by memory map.

lab = atlas.lab                      # None for an atlas without one
lab.mlp.hidden(lab.pixels([7]))      # what the sparse autoencoders read
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
    """A readable lab; everything it returns is read-only. `facts` is lab.json, checked."""

    facts: dict
    images: UInt8[np.ndarray, "n_examples height width"]
    labels: Int[np.ndarray, " n_examples"]
    mlp: MLP
    runs: dict[str, np.ndarray]
    weights: dict[str, np.ndarray]

    @property
    def n_runs(self) -> int:
        return len(self.runs["run"])

    @property
    def d_sae(self) -> int:
        return self.weights["b_enc"].shape[1]

    @cached_property
    def classes(self) -> list[str]:
        """What the classes are called, as `visible` shows it. A stranger may have named them: escape them for HTML."""
        return [visible(name) for name in self.facts["classes"]]

    def meaning(self, measure: str) -> str:
        """What a measure means, in the words of whoever built the lab."""
        return visible(self.facts["measures"][measure])

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of an image."""
        return self.images.shape[1:]

    @property
    def shown(self) -> dict[str, int]:
        """The runs that the atlas's layers show, by kind: standard is layer 0, ne is layer 1."""
        return self.facts["shown"]

    def kind(self, run: int) -> str:
        """standard, or ne where the run was trained with the neuron-embedding loss."""
        return "ne" if self.runs["lambda2"][run] > 0 else "standard"

    def sae(self, run: int) -> SAE:
        """The run's weights, as float32."""
        return SAE(**{part: np.asarray(values[run], dtype=np.float32) for part, values in self.weights.items()})

    def pixels(self, images: Int[np.ndarray, " k"] | list[int]) -> Float[np.ndarray, "k d_pixels"]:
        """Some images as the MLP reads them, 0 to 1."""
        flat = self.images[np.asarray(images, dtype=np.int64)].reshape(len(images), -1)
        return flat / np.float32(self.facts["pixel_max"])

    @cached_property
    def x(self) -> Float[np.ndarray, "n_examples d_pixels"]:
        """Every image as the MLP reads it."""
        return self.pixels(np.arange(len(self.images)))

    @cached_property
    def hidden(self) -> Float[np.ndarray, "n_examples d_hidden"]:
        """The hidden layer on every image."""
        return self.mlp.hidden(self.x)
