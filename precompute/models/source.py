"""What a model must offer to be read: neuron layers, what they do on a prompt, and the same with a token masked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ne_core.method.contributions import Parts
from ne_core.method.layer import NeuronLayer


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
class Readings:
    """Activations asked for, one an entry: of `neuron` in `layer` at `pos` of a prompt with position `masked` replaced.

    `prompt` counts in the batch that they are asked of. Any order; nothing need be there twice, and may be.
    """

    prompt: Int[np.ndarray, " n"]
    masked: Int[np.ndarray, " n"]
    pos: Int[np.ndarray, " n"]
    layer: Int[np.ndarray, " n"]
    neuron: Int[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.pos)

    def taken(self, chosen: Int[np.ndarray, " k"]) -> "Readings":
        return Readings(*(getattr(self, field.name)[chosen] for field in fields(self)))

    @classmethod
    def joined(cls, parts: Sequence["Readings"]) -> "Readings":
        """One after the other."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


@dataclass(frozen=True)
class TopLogits:
    """The tokens that each neuron raises most, highest first, and lowers most, lowest first; −1 and NaN where fewer."""

    tokens: Int[np.ndarray, "n_neurons 2 k"]
    effects: Float[np.ndarray, "n_neurons 2 k"]


@dataclass(frozen=True)
class Keys:
    """Pre-activations asked for, of one layer: of `neuron` at `pos` of a prompt of the batch, in order of prompts."""

    prompt: Int[np.ndarray, " n"]
    pos: Int[np.ndarray, " n"]
    neuron: Int[np.ndarray, " n"]

    def within(self, prompts: slice) -> "Keys":
        """Those of some prompts, counted from the first of these."""
        here = slice(*np.searchsorted(self.prompt, [prompts.start, prompts.stop]).tolist())
        return Keys(self.prompt[here] - prompts.start, self.pos[here], self.neuron[here])


@dataclass(frozen=True)
class Split:
    """Pre-activations as what wrote them, in the order of method/contributions.py, and what their heads read most."""

    parts: Float[np.ndarray, "n n_parts"]
    read_head: Int[np.ndarray, "n n_read"]
    read_back: Int[np.ndarray, "n n_read"]

    @classmethod
    def joined(cls, splits: Sequence["Split"]) -> "Split":
        """One after the other."""
        return cls(*(np.concatenate([getattr(split, field.name) for split in splits]) for field in fields(cls)))


@runtime_checkable
class Source(Protocol):
    """A model as neuron layers. Positions count from 0 and include special tokens.

    `weights` is folded where the norm before the MLP belongs to the weights, raw where it does not.
    """

    name: str
    weights: str = "raw"
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
        readings: Readings,
        baseline: Float[Tensor, " d_model"],
    ) -> Float[np.ndarray, " n"]:
        """The activation of each reading; every (prompt, masked position) is run once, however many readings share it.

        Causal models reuse the keys and values before the mask and compute what lies between it and the last reading,
        so no reading stands before its mask; encoders recompute the prompt.
        """

    def logit_effects(self, layer: int, k: int) -> TopLogits | None:
        """The `k` tokens whose logits each neuron raises, and lowers, most; None where there is no direct path to them.

        For one unit of activation, through the neuron's output weights, the final norm's gain and the unembedding; less
        the mean over all tokens, and up to the final norm's scale, which is held at 1.
        """

    def parts(self) -> Parts | str:
        """What pre-activations of these layers are split into; in words why they cannot be, where they cannot."""

    def split(
        self, tokens: Int[Tensor, "batch pos"], lengths: Int[Tensor, " batch"], keys: Mapping[int, Keys]
    ) -> dict[int, Split]:
        """By layer, each of its pre-activations split, from one clean run of the prompts; where there are `parts`."""
