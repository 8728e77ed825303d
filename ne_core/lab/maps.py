"""Pixel maps of a unit: the largest effect of each pixel alone, and the average of the images that activate the unit.

*Activation map* (Foote 2024, Figure 5): with every other pixel dark, one pixel v from 0 to 1 gives h = relu(v · W_in[p]
+ b_in) and z = h · w + b, which is piecewise linear in v with a kink at each v where a hidden neuron switches on or
off. The extremes of z are therefore at v = 0, at v = 1 or at a kink, and evaluating z at all of them is exact. The map
does not show interactions between pixels.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ne_core.method.mlp import MLP


@dataclass(frozen=True)
class PixelExtremes:
    """Highest and lowest pre-activation that each pixel reaches alone; `dark` is that of a dark image."""

    highest: Float[np.ndarray, " d_pixels"]
    lowest: Float[np.ndarray, " d_pixels"]
    dark: float

    @property
    def change(self) -> Float[np.ndarray, " d_pixels"]:
        """Activation map: the largest signed change that each pixel makes to the pre-activation of a dark image."""
        up, down = self.highest - self.dark, self.lowest - self.dark
        return np.where(up >= -down, up, down)

    @property
    def activation(self) -> Float[np.ndarray, " d_pixels"]:
        """Largest activation that each pixel induces alone; zero where one pixel does not overcome the bias."""
        return np.maximum(self.highest, 0)


def mlp_pixel_extremes(mlp: MLP, w: Float[np.ndarray, " d_hidden"], b: float) -> PixelExtremes:
    """Return the extremes of a unit that reads the hidden layer: z at both ends and every kink, all pixels at once."""
    n_pixels = len(mlp.W_in)
    values = [np.zeros(n_pixels), np.ones(n_pixels), *(kinks(mlp, unit) for unit in range(mlp.d_hidden))]
    z = np.array([np.maximum(v[:, None] * mlp.W_in + mlp.b_in, 0) @ w + b for v in values])
    return PixelExtremes(z.max(axis=0), z.min(axis=0), float(z[0, 0]))


def kinks(mlp: MLP, unit: int) -> Float[np.ndarray, " d_pixels"]:
    """Value of each pixel at which a hidden neuron switches, clipped to 0 to 1: there is no kink outside."""
    slope = mlp.W_in[:, unit].astype(np.float64)
    return np.clip(np.divide(-mlp.b_in[unit], slope, out=np.zeros(len(slope)), where=slope != 0), 0, 1)


def linear_pixel_extremes(w: Float[np.ndarray, " d_pixels"], b: float) -> PixelExtremes:
    """Compute the extremes for a unit that reads the pixels: z = v · w + b, so the change is the weight."""
    return PixelExtremes(b + np.maximum(w, 0), b + np.minimum(w, 0), b)


def average_example(pixels: Float[np.ndarray, "n d_pixels"]) -> Float[np.ndarray, " d_pixels"]:
    """Mean of a unit's activating examples; zeros for none."""
    return pixels.mean(axis=0) if len(pixels) else np.zeros(pixels.shape[1], dtype=pixels.dtype)


def importance_map(
    activation_map: Float[np.ndarray, " d_pixels"], average: Float[np.ndarray, " d_pixels"]
) -> Float[np.ndarray, " d_pixels"]:
    """Return activation map ⊙ average activating example."""
    return activation_map * average
