"""A unit of the lab as pictures over the pixels: what each pixel can do to it alone, and what activates it.

*Activation map* (Foote 2024, Figure 5): with every other pixel dark, one pixel v from 0 to 1 gives h = relu(v · W_in[p]
+ b_in) and z = h · w + b, which is linear in v but where a hidden neuron switches on or off. So the extremes of z lie
at v = 0, at v = 1 or at one of those kinks, and looking at all of them is exact: no grid, no search. What is not in it
is what two pixels do together.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ne_core.method.mlp import MLP


@dataclass(frozen=True)
class Alone:
    """The pre-activation that each pixel reaches alone, over its values, at its highest and lowest; and without any."""

    highest: Float[np.ndarray, " d_pixels"]
    lowest: Float[np.ndarray, " d_pixels"]
    dark: float

    @property
    def change(self) -> Float[np.ndarray, " d_pixels"]:
        """The activation map: the largest change that each pixel makes to the dark image's pre-activation, signed."""
        up, down = self.highest - self.dark, self.lowest - self.dark
        return np.where(up >= -down, up, down)

    @property
    def activation(self) -> Float[np.ndarray, " d_pixels"]:
        """The largest activation that each pixel induces alone; often zero, where it takes several to pass the bias."""
        return np.maximum(self.highest, 0)


def alone_through(mlp: MLP, w: Float[np.ndarray, " d_hidden"], b: float) -> Alone:
    """Of a unit that reads the hidden layer: z at the ends and at every kink, each for all pixels at once."""
    n_pixels = len(mlp.W_in)
    values = [np.zeros(n_pixels), np.ones(n_pixels), *(kinks(mlp, unit) for unit in range(mlp.d_hidden))]
    z = np.array([np.maximum(v[:, None] * mlp.W_in + mlp.b_in, 0) @ w + b for v in values])
    return Alone(z.max(axis=0), z.min(axis=0), float(z[0, 0]))


def kinks(mlp: MLP, unit: int) -> Float[np.ndarray, " d_pixels"]:
    """The value of each pixel at which a hidden neuron switches, brought into 0 to 1: outside there is no kink."""
    slope = mlp.W_in[:, unit].astype(np.float64)
    return np.clip(np.divide(-mlp.b_in[unit], slope, out=np.zeros(len(slope)), where=slope != 0), 0, 1)


def alone_on_pixels(w: Float[np.ndarray, " d_pixels"], b: float) -> Alone:
    """Of a unit that reads the pixels: z = v · w + b, so its change is its weight."""
    return Alone(b + np.maximum(w, 0), b + np.minimum(w, 0), b)


def average_example(pixels: Float[np.ndarray, "n d_pixels"]) -> Float[np.ndarray, " d_pixels"]:
    """The mean of a unit's activating examples; zeros for none."""
    return pixels.mean(axis=0) if len(pixels) else np.zeros(pixels.shape[1], dtype=pixels.dtype)


def importance_map(
    activation_map: Float[np.ndarray, " d_pixels"], average: Float[np.ndarray, " d_pixels"]
) -> Float[np.ndarray, " d_pixels"]:
    """activation map ⊙ average activating example: what matters and is there."""
    return activation_map * average
