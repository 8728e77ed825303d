"""Latents of a sparse autoencoder from the activations at its hook (METHOD, section 1).

x = input of the encoder     z = x · W_enc + b_enc     f = the architecture's function of the whole vector z
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from precompute.models.autoencoder.config import SaeConfig
from precompute.models.transformer.folding import Norm

MAX_LATENTS = 2**24  # latents computed at once when only some are requested: 64 MB
EPS = 1e-5  # of SAELens's layer_norm


@dataclass(frozen=True)
class Latents:
    """Float32 weights on the model's device; a latent with a `threshold` is active above it, others above 0.

    `norm`: norm of the model whose normalised value is read, from its input at the hook. `centred`: the mean of the
    activations at the hook is subtracted first. A cross-layer W_dec has a side for the layers that it writes to.
    """

    config: SaeConfig
    norm: Norm | None
    centred: bool
    W_enc: Float[Tensor, "d_in d_sae"]
    b_enc: Float[Tensor, " d_sae"]
    W_dec: Float[Tensor, "d_sae *n_out d_out"]
    b_dec: Float[Tensor, " d_out"]
    threshold: Float[Tensor, " d_sae"] | None

    @classmethod
    def of(
        cls, config: SaeConfig, norm: Norm | None, centred: bool, weights: dict[str, Tensor], device: torch.device
    ) -> "Latents":
        """Create from a file's weights; decoder rows that scale their latents are normalised to length 1."""
        W_enc, b_enc, W_dec, b_dec = (weights[name].to(device) for name in ("W_enc", "b_enc", "W_dec", "b_dec"))
        if config.by_decoder_norm:
            norms = W_dec.norm(dim=1)
            W_enc, b_enc, W_dec = W_enc * norms, b_enc * norms, W_dec / norms.clamp_min(1e-8)[:, None]
        threshold = weights.get("threshold")
        threshold = None if threshold is None else threshold.to(device).relu()
        return cls(config, norm, centred, W_enc, b_enc, W_dec, b_dec, threshold)

    def x(self, h: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows d_in"]:
        """Return the input of W_enc, given the activations h at the hook."""
        h = h.float() if self.norm is None else self.norm.normalised(h)
        if self.centred:
            h = h - h.mean(-1, keepdim=True)
        h = rescaled(h, self.config.rescaling)
        return h - self.b_dec if self.config.subtracts_b_dec else h

    def activations(self, h: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows d_sae"]:
        """Return all latents, given the activations h at the hook."""
        return self.of_x(self.x(h))

    def of_x(self, x: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows d_sae"]:
        """Return all latents, given the input x of W_enc."""
        z = x @ self.W_enc + self.b_enc
        if self.config.k is not None:
            top = z.topk(self.config.k)
            return torch.zeros_like(z).scatter_(-1, top.indices, top.values.relu_())
        if self.threshold is None:
            return z.relu_()
        return z.relu() * (z > self.threshold)  # a product, so that NaN stays NaN

    def select(
        self, h: Float[Tensor, "rows d_in"], row: Int[Tensor, " n"], latent: Int[Tensor, " n"]
    ) -> Float[Tensor, " n"]:
        """Return one latent of one row for each entry; each row is computed once, some rows at a time."""
        rows, group = row.unique(return_inverse=True)
        values = torch.empty(len(row), device=h.device)
        step = max(1, MAX_LATENTS // self.config.d_sae)
        for start in range(0, len(rows), step):
            in_part = (group >= start) & (group < start + step)
            values[in_part] = self.activations(h[rows[start : start + step]])[group[in_part] - start, latent[in_part]]
        return values

    def some_of_x(self, x: Float[Tensor, "n d_in"], latent: Int[Tensor, " n"]) -> Float[Tensor, " n"]:
        """Return one latent for each x, computed in blocks."""
        step = max(1, MAX_LATENTS // self.config.d_sae)
        parts = [
            self.of_x(x[start : start + step]).gather(1, latent[start : start + step, None])[:, 0]
            for start in range(0, len(x), step)
        ]
        return torch.cat(parts) if parts else x.new_zeros(0)


def rescaled(h: Float[Tensor, "*rows d_in"], rescaling: str) -> Float[Tensor, "*rows d_in"]:
    """Rescale the rows to one norm, as SAELens does."""
    if rescaling == "constant_norm_rescale":
        return h * (h.shape[-1] ** 0.5 / h.norm(dim=-1, keepdim=True))
    if rescaling == "layer_norm":
        h = h - h.mean(-1, keepdim=True)
        return h / (h.std(-1, keepdim=True) + EPS)
    return h
