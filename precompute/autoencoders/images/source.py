"""Layers of neurons that have seen every image, as a Source: a prompt is the number of an image, of one position."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ne_core.method.layer import NeuronLayer
from precompute.autoencoders.images.arrays import ImageLayer
from precompute.models.source import LayerPass, Readings, Source, TopLogits, UnfitModelError

NO_MASKS = "an image is one position: there is no token beside it that could be masked"

NOT_SPLIT = "what writes the inputs of these neurons was not given"


class ImageSource(Source):
    """Everything has been computed already and is looked up. Layers are numbered as they come."""

    name, causal, device = "images", False, torch.device("cpu")

    def __init__(self, layers: Sequence[ImageLayer]):
        self.given = layers
        self.layers = tuple(range(len(layers)))
        self.tables = [
            tuple(torch.from_numpy(np.asarray(values, dtype=np.float32)) for values in (each.x, each.activations))
            for each in layers
        ]

    def layer(self, layer: int) -> NeuronLayer:
        return self.given[layer].weights

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
        """Classes above the mean of all are raised and classes below it lowered: with few classes, less than `k`."""
        logits = self.given[layer].logits.astype(np.float32)
        effects = logits - logits.mean(axis=1, keepdims=True)
        sides = [farthest(sign * effects, k) for sign in (1, -1)]
        tokens = np.stack([tokens for tokens, _ in sides], axis=1)
        return TopLogits(tokens, np.stack([sides[0][1], -sides[1][1]], axis=1))


def farthest(
    effects: Float[np.ndarray, "n_neurons n_classes"], k: int
) -> tuple[Int[np.ndarray, "n_neurons k"], Float[np.ndarray, "n_neurons k"]]:
    """The classes with the highest effects above 0 and how high they are; −1 and NaN where there are fewer."""
    classes = np.full((len(effects), k), -1, dtype=np.int32)
    highest = np.full((len(effects), k), np.nan, dtype=np.float32)
    n = min(k, effects.shape[1])
    order = np.argsort(-effects, axis=1, kind="stable")[:, :n]
    found = np.take_along_axis(effects, order, axis=1)
    classes[:, :n] = np.where(found > 0, order, -1)
    highest[:, :n] = np.where(found > 0, found, np.nan)
    return classes, highest
