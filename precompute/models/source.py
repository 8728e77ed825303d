"""Interface of a model: neuron layers, their activations on prompts, and the same with a token masked."""

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
    """Raised when a model cannot be read as neuron layers; the message is one line."""


@dataclass(frozen=True)
class LayerPass:
    """Inputs and activations of one neuron layer on one batch.

    `x` is the value that `Source.inputs` turns into the neurons' x: with folded weights it is the input of the norm
    before the MLP, whose gains may be zero and could not be divided out again. Call `inputs` before storing x in fewer
    bits.
    """

    layer: int
    x: Float[Tensor, "batch pos d_in"]
    activations: Float[Tensor, "batch pos n_neurons"]


@dataclass(frozen=True)
class Readings:
    """Requested activations, one an entry: of `neuron` in `layer` at `pos` of a prompt whose position `masked` is
    replaced.

    `prompt` indexes the batch. Entries may be in any order and may repeat.
    """

    prompt: Int[np.ndarray, " n"]
    masked: Int[np.ndarray, " n"]
    pos: Int[np.ndarray, " n"]
    layer: Int[np.ndarray, " n"]
    neuron: Int[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.pos)

    def select(self, rows: Int[np.ndarray, " k"]) -> "Readings":
        return Readings(*(getattr(self, field.name)[rows] for field in fields(self)))

    @classmethod
    def joined(cls, parts: Sequence["Readings"]) -> "Readings":
        """Concatenate several readings."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


@dataclass(frozen=True)
class TopLogits:
    """Tokens that each neuron raises most (highest first) and lowers most (lowest first); padded with −1 and NaN."""

    tokens: Int[np.ndarray, "n_neurons 2 k"]
    effects: Float[np.ndarray, "n_neurons 2 k"]


@dataclass(frozen=True)
class Keys:
    """Requested pre-activations of one layer: of `neuron` at `pos` of a prompt of the batch, sorted by prompt."""

    prompt: Int[np.ndarray, " n"]
    pos: Int[np.ndarray, " n"]
    neuron: Int[np.ndarray, " n"]

    def within(self, prompts: slice) -> "Keys":
        """Return the keys of a slice of prompts, with prompts renumbered from its start."""
        rows = slice(*np.searchsorted(self.prompt, [prompts.start, prompts.stop]).tolist())
        return Keys(self.prompt[rows] - prompts.start, self.pos[rows], self.neuron[rows])


@dataclass(frozen=True)
class Split:
    """Pre-activations split into the parts of method/contributions.py, and the tokens that heads read most from."""

    parts: Float[np.ndarray, "n n_parts"]
    read_head: Int[np.ndarray, "n n_read"]
    read_back: Int[np.ndarray, "n n_read"]

    @classmethod
    def joined(cls, splits: Sequence["Split"]) -> "Split":
        """Concatenate several splits."""
        return cls(*(np.concatenate([getattr(split, field.name) for split in splits]) for field in fields(cls)))


@runtime_checkable
class Source(Protocol):
    """A model as neuron layers. Positions count from 0 and include special tokens.

    `weights` is "folded" if the norm before the MLP is part of the weights, "raw" otherwise.
    """

    name: str
    weights: str = "raw"
    causal: bool
    layers: tuple[int, ...]
    device: torch.device

    def layer(self, layer: int) -> NeuronLayer:
        """Return input weights and biases, folded or raw as this source was opened."""

    def inputs(self, layer: int, x: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows d_in"]:
        """Return the x that `layer(layer)` multiplies, from a LayerPass's x (folded: the normalised x̂)."""

    def read(
        self,
        tokens: Int[Tensor, "batch pos"],
        lengths: Int[Tensor, " batch"],
        visit: Callable[[LayerPass], None],
        layers: Sequence[int] | None = None,
    ) -> None:
        """Run the model once over right-padded prompts; `visit` is called as each layer is computed, in order."""

    def baselines(self, names: Sequence[str]) -> Mapping[str, Float[Tensor, " d_model"]]:
        """Return embeddings that can replace a masked token: `mask-token`, `mean-embedding` or `token:TEXT`."""

    def read_masked(
        self,
        tokens: Int[Tensor, "batch pos"],
        lengths: Int[Tensor, " batch"],
        readings: Readings,
        baseline: Float[Tensor, " d_model"],
    ) -> Float[np.ndarray, " n"]:
        """Return the activation of each reading; every (prompt, masked position) is run once for all its readings.

        Causal models reuse the keys and values before the mask and compute only the tokens from the mask to the last
        reading, so no reading may precede its mask; encoders recompute the prompt.
        """

    def logit_effects(self, layer: int, k: int) -> TopLogits | None:
        """Return the `k` tokens whose logits each neuron raises, and lowers, most; None without a direct path.

        For one unit of activation, through the neuron's output weights, the final norm's gain and the unembedding,
        minus the mean over all tokens, with the final norm's scale held at 1.
        """

    def parts(self) -> Parts | str:
        """Return the parts into which pre-activations of these layers are split, or a message if they cannot be."""

    def split(
        self, tokens: Int[Tensor, "batch pos"], lengths: Int[Tensor, " batch"], keys: Mapping[int, Keys]
    ) -> dict[int, Split]:
        """Split the requested pre-activations of each layer, from one clean run of the prompts; requires `parts`."""
