"""Folded weights: the norm before the MLP moved into W_in and b_in, so that x is the normalised x̂ (METHOD §1)."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

# Share of the largest value by which two ways to the same number may differ.
TOLERANCES = {torch.float32: 1e-4, torch.float64: 1e-4, torch.float16: 2e-2, torch.bfloat16: 5e-2}


@dataclass(frozen=True)
class Norm:
    """A norm as arithmetic: x = gain · x̂ + shift; x̂ is the input over its length, in a LayerNorm centred first."""

    gain: Float[Tensor, " d_in"]
    shift: Float[Tensor, " d_in"]
    centred: bool
    eps: float

    def normalised(self, h: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows d_in"]:
        """x̂ from the norm's *input*: taking it back out of x would divide by gains that may be zero."""
        h = self._centre(h)
        return h * self._rate(h)

    def rate(self, h: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows 1"]:
        """1 / σ: what x̂ gains for each unit added to the norm's input, its scale held fixed."""
        return self._rate(self._centre(h))

    def _centre(self, h: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows d_in"]:
        h = h.float()
        return h - h.mean(-1, keepdim=True) if self.centred else h

    def _rate(self, h: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows 1"]:
        return torch.rsqrt(h.square().mean(-1, keepdim=True) + self.eps)

    def output(self, h: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows d_in"]:
        return self.normalised(h) * self.gain + self.shift

    def given(self, x: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows d_in"]:
        """What the MLP is given when x̂ is x; a mean that x has is taken off, as folded weights do not see it."""
        centred = x - x.mean(-1, keepdim=True) if self.centred else x
        return centred * self.gain + self.shift

    def folded(
        self, W: Float[Tensor, "d_in n_neurons"], b: Float[Tensor, " n_neurons"]
    ) -> tuple[Float[Tensor, "d_in n_neurons"], Float[Tensor, " n_neurons"]]:
        """Weights and biases that give on x̂ the pre-activations that W and b give on x."""
        folded = self.gain[:, None] * W
        if self.centred:
            folded = folded - folded.mean(0)  # x̂ sums to zero, so no pre-activation changes
        return folded, b + self.shift @ W


def recognised(
    module: torch.nn.Module, h: Float[Tensor, "*rows d_in"], out: Float[Tensor, "*rows d_in"], tolerance: float
) -> Norm | None:
    """The norm that turns h into out, found by trying what norms do: centre or not, store the gain as w or w − 1."""
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
    """Equal within a share of the largest value; never, when something is not finite."""
    a, b = a.float(), b.float()
    return bool((a - b).abs().max() <= tolerance * (b.abs().max() + 1e-6))
