"""Folded weights: the norm before the MLP moved into W_in and b_in, so that x is the normalised x̂ (METHOD §1)."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

# Largest difference between two computations of the same value, as a share of the largest value.
TOLERANCES = {torch.float32: 1e-4, torch.float64: 1e-4, torch.float16: 2e-2, torch.bfloat16: 5e-2}


@dataclass(frozen=True)
class Norm:
    """A norm as arithmetic: x = gain · x̂ + shift; x̂ is the input over its scale, centred first in a LayerNorm."""

    gain: Float[Tensor, " d_in"]
    shift: Float[Tensor, " d_in"]
    centred: bool
    eps: float

    def normalised(self, h: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows d_in"]:
        """Return x̂ from the norm's *input*: computing it from x would divide by gains that may be zero."""
        h = self._centre(h)
        return h * self._rate(h)

    def rate(self, h: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows 1"]:
        """Return 1 / σ: the change of x̂ per unit added to the norm's input, with its scale held fixed."""
        return self._rate(self._centre(h))

    def _centre(self, h: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows d_in"]:
        h = h.float()
        return h - h.mean(-1, keepdim=True) if self.centred else h

    def _rate(self, h: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows 1"]:
        return torch.rsqrt(h.square().mean(-1, keepdim=True) + self.eps)

    def output(self, h: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows d_in"]:
        return self.normalised(h) * self.gain + self.shift

    def denormalised(self, x: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows d_in"]:
        """Return the MLP's input for a given x̂; the mean of x is subtracted, since folded weights ignore it."""
        centred = x - x.mean(-1, keepdim=True) if self.centred else x
        return centred * self.gain + self.shift

    def folded(
        self, W: Float[Tensor, "d_in n_neurons"], b: Float[Tensor, " n_neurons"]
    ) -> tuple[Float[Tensor, "d_in n_neurons"], Float[Tensor, " n_neurons"]]:
        """Return weights and biases that give on x̂ the pre-activations that W and b give on x."""
        folded = self.gain[:, None] * W
        if self.centred:
            folded = folded - folded.mean(0)  # x̂ sums to zero, so no pre-activation changes
        return folded, b + self.shift @ W


def recognise(
    module: torch.nn.Module, h: Float[Tensor, "*rows d_in"], out: Float[Tensor, "*rows d_in"], tolerance: float
) -> Norm | None:
    """Return the norm that maps h to out, by trying: centred or not, gain stored as w or as w − 1."""
    weight = getattr(module, "weight", None)
    zero = torch.zeros(h.shape[-1], device=h.device)
    shift = zero if getattr(module, "bias", None) is None else module.bias.detach().float()
    gains = [zero + 1] if weight is None else [weight.detach().float(), 1 + weight.detach().float()]
    eps = getattr(module, "eps", getattr(module, "variance_epsilon", 1e-5))
    for gain in gains:
        for centred in (True, False):
            norm = Norm(gain, shift, centred, float(eps))
            if close(norm.output(h), out, tolerance):
                return norm
    return None


def close(a: Float[Tensor, "*shape"], b: Float[Tensor, "*shape"], tolerance: float) -> bool:
    """Return whether all differences are within a share of the largest value; False if any value is not finite."""
    a, b = a.float(), b.float()
    return bool((a - b).abs().max() <= tolerance * (b.abs().max() + 1e-6))
