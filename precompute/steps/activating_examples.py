"""Activating examples of one layer, the input of most steps."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.method.layer import NeuronLayer


@dataclass(frozen=True)
class ActivatingExamples:
    """Activating examples of one layer, one row each, sorted by neuron and then by example.

    Neuron j has rows offsets[j]:offsets[j+1]. `x` holds the input at every key token's (example, position) once, sorted
    by both, in the form that `weights` multiplies; `x_row` is the row of x of each key token. `window_activations`
    holds the neuron's activation from `back - 1` tokens before the key token to `forward` after it, NaN outside the
    example. Both are float16, and x may be memory-mapped.
    """

    layer: int
    weights: NeuronLayer
    maxima: Float[np.ndarray, " n_neurons"]
    offsets: Int[np.ndarray, " n_neurons+1"]
    example: Int[np.ndarray, " n_rows"]
    pos: Int[np.ndarray, " n_rows"]
    activation: Float[np.ndarray, " n_rows"]
    window_activations: Float[np.ndarray, "n_rows n_window"]
    x_row: Int[np.ndarray, " n_rows"]
    x: Float[np.ndarray, "n_x d_in"]

    @property
    def n_rows(self) -> int:
        return len(self.example)

    @property
    def neuron(self) -> Int[np.ndarray, " n_rows"]:
        """Neuron of each row."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    def neuron_x(self, neuron: int) -> Float[np.ndarray, "n d_in"]:
        """Return the inputs at the key tokens of one neuron's activating examples, in float32 for arithmetic."""
        return self.x[self.x_row[self.offsets[neuron] : self.offsets[neuron + 1]]].astype(np.float32)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return all arrays except the weights, which the model has, and x, which may be large."""
        return {name: getattr(self, name) for name in COLUMNS}

    @classmethod
    def from_arrays(
        cls, layer: int, weights: NeuronLayer, arrays: Mapping[str, np.ndarray], x: Float[np.ndarray, "n_x d_in"]
    ) -> "ActivatingExamples":
        return cls(layer=layer, weights=weights, x=x, **{name: arrays[name] for name in COLUMNS})


COLUMNS = ("maxima", "offsets", "example", "pos", "activation", "window_activations", "x_row")
