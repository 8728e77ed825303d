"""Layers with known activations on every image, as a Source: a prompt is an image number, at one position."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ne_core.method.layer import NeuronLayer
from precompute.autoencoders.images.arrays import ImageLayer
from precompute.models.source import LayerPass, Readings, Source, TopLogits, UnfitModelError

NO_MASKS = "an image is one position: it has no other token to mask"

NOT_SPLIT = "the sources of these neurons' inputs are not known"


class ImageSource(Source):
    """Source that looks up activations computed before. Layers are numbered in the order given."""

    name, causal, device = "images", False, torch.device("cpu")

    def __init__(self, layers: Sequence[ImageLayer]):
        self.image_layers = layers
        self.layers = tuple(range(len(layers)))
        self.tables = [
            tuple(
                torch.from_numpy(np.asarray(values, dtype=np.float32))
                for values in (image_layer.x, image_layer.activations)
            )
            for image_layer in layers
        ]

    def layer(self, layer: int) -> NeuronLayer:
        return self.image_layers[layer].weights

    def inputs(self, layer: int, x: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows d_in"]:
        return x

    def read(
        self,
        tokens: Int[Tensor, "batch 1"],
        lengths: Int[Tensor, " batch"],
        visit: Callable[[LayerPass], None],
        layers: Sequence[int] | None = None,
    ) -> None:
        for layer in self.layers if layers is None else layers:
            x, activations = self.tables[layer]
            visit(LayerPass(layer, x[tokens], activations[tokens]))

    def baselines(self, names: Sequence[str]) -> Mapping[str, Float[Tensor, " d_model"]]:
        if names:
            raise UnfitModelError(NO_MASKS)
        return {}

    def read_masked(
        self,
        tokens: Int[Tensor, "batch 1"],
        lengths: Int[Tensor, " batch"],
        readings: Readings,
        baseline: Float[Tensor, " d_model"],
    ) -> Float[np.ndarray, " n"]:
        raise UnfitModelError(NO_MASKS)

    def parts(self) -> str:
        return NOT_SPLIT

    def logit_effects(self, layer: int, k: int) -> TopLogits:
        """Effects above and below the mean over classes: `k` or fewer a side, where there are few classes."""
        logits = self.image_layers[layer].logits.astype(np.float32)
        effects = logits - logits.mean(axis=1, keepdims=True)
        sides = [farthest(sign * effects, k) for sign in (1, -1)]
        tokens = np.stack([tokens for tokens, _ in sides], axis=1)
        return TopLogits(tokens, np.stack([sides[0][1], -sides[1][1]], axis=1))


def farthest(
    effects: Float[np.ndarray, "n_neurons n_classes"], k: int
) -> tuple[Int[np.ndarray, "n_neurons k"], Float[np.ndarray, "n_neurons k"]]:
    """Classes with the highest effects above 0, and these effects; padded with −1 and NaN."""
    classes = np.full((len(effects), k), -1, dtype=np.int32)
    highest = np.full((len(effects), k), np.nan, dtype=np.float32)
    n = min(k, effects.shape[1])
    order = np.argsort(-effects, axis=1, kind="stable")[:, :n]
    top = np.take_along_axis(effects, order, axis=1)
    classes[:, :n] = np.where(top > 0, order, -1)
    highest[:, :n] = np.where(top > 0, top, np.nan)
    return classes, highest
