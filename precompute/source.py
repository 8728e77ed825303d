"""What a model must offer to be read: neuron layers, what they do on a prompt, and the same with a token masked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ne_core.layer import NeuronLayer


class UnfitModelError(ValueError):
    """The model cannot be read as neuron layers; the message says why in one line."""


@dataclass(frozen=True)
class LayerPass:
    """One neuron layer on one batch: what it read, and how its neurons answered.

    `x` is what `Source.inputs` makes the neurons' x of: with folded weights it is the input of the norm before the MLP,
    whose gains may be zero and could not be divided out again. Call `inputs` before storing x in fewer bits.
    """

    layer: int
    x: Float[Tensor, "batch pos d_in"]
    activations: Float[Tensor, "batch pos n_neurons"]


@dataclass(frozen=True)
class MaskedPass:
    """One neuron layer on the prompts `index` of a batch with position `masked` replaced.

    `activations` covers positions `start` to `start + window` of those prompts: in a causal model `start == masked`,
    since nothing before the mask changes; an encoder's window is the whole prompt and starts at 0.
    """

    masked: int
    index: Int[Tensor, " prompts"]
    layer: int
    start: int
    activations: Float[Tensor, "prompts window n_neurons"]


@runtime_checkable
class Source(Protocol):
    """A model as neuron layers. Positions count from 0 and include special tokens."""

    name: str
    causal: bool
    layers: tuple[int, ...]
    device: torch.device

    def layer(self, layer: int) -> NeuronLayer:
        """Input weights and biases, folded or raw as this source was opened."""

    def inputs(self, layer: int, x: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows d_in"]:
        """The x that `layer(layer)` multiplies, from a LayerPass's x (folding turns it into the normalised x̂)."""

    def read(
        self,
        tokens: Int[Tensor, "batch pos"],
        lengths: Int[Tensor, " batch"],
        visit: Callable[[LayerPass], None],
        layers: Sequence[int] | None = None,
    ) -> None:
        """Run the model once over right-padded prompts; `visit` is called as each layer is computed, in order."""

    def baselines(self, names: Sequence[str]) -> Mapping[str, Float[Tensor, " d_model"]]:
        """What takes a masked token's place in the embedding, by name: `mask-token`, `mean-embedding`, `token:TEXT`."""

    def read_masked(
        self,
        tokens: Int[Tensor, "batch pos"],
        lengths: Int[Tensor, " batch"],
        wanted: Int[Tensor, "pairs 2"],
        baseline: Float[Tensor, " d_model"],
        n_after: int,
        visit: Callable[[MaskedPass], None],
        layers: Sequence[int] | None = None,
    ) -> None:
        """Run every `(prompt in batch, masked position)` of `wanted` once, as far as `n_after` positions from the mask.

        Causal models reuse the keys and values before the mask and compute only the window; encoders recompute.
        """
