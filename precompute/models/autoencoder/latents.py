"""The latents of a sparse autoencoder, by what is at its hook (METHOD, section 1).

x = what the encoder multiplies     z = x · W_enc + b_enc     f = the architecture's function of the whole vector z
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from precompute.models.autoencoder.form import Form

AT_ONCE = 2**24  # latents computed together where only some are asked for: 64 MB
EPS = 1e-5  # of SAELens's layer_norm


@dataclass(frozen=True)
class Latents:
    """Weights in float32 on the model's device; `threshold` where a latent must be above more than 0.

    `centred`: the mean of what is at the hook is taken off before anything else.
    """

    form: Form
    centred: bool
    W_enc: Float[Tensor, "d_in d_sae"]
    b_enc: Float[Tensor, " d_sae"]
    W_dec: Float[Tensor, "d_sae d_in"]
    b_dec: Float[Tensor, " d_in"]
    threshold: Float[Tensor, " d_sae"] | None

    @classmethod
    def of(cls, form: Form, centred: bool, weights: dict[str, Tensor], device: torch.device) -> "Latents":
        """From a file's weights; decoder rows that scale their latents are brought to length 1 first."""
        W_enc, b_enc, W_dec, b_dec = (weights[name].to(device) for name in ("W_enc", "b_enc", "W_dec", "b_dec"))
        if form.by_decoder_norm:
            norms = W_dec.norm(dim=1)
            W_enc, b_enc, W_dec = W_enc * norms, b_enc * norms, W_dec / norms.clamp_min(1e-8)[:, None]
        threshold = weights.get("threshold")
        threshold = None if threshold is None else threshold.to(device).relu()
        return cls(form, centred, W_enc, b_enc, W_dec, b_dec, threshold)

    def x(self, h: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows d_in"]:
        """What W_enc multiplies, of what is at the hook."""
        h = h.float()
        if self.centred:
            h = h - h.mean(-1, keepdim=True)
        h = rescaled(h, self.form.rescaling)
        return h - self.b_dec if self.form.subtracts_b_dec else h

    def activations(self, h: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows d_sae"]:
        """All latents of what is at the hook."""
        return self.of_x(self.x(h))

    def of_x(self, x: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows d_sae"]:
        """All latents of what W_enc multiplies."""
        z = x @ self.W_enc + self.b_enc
        if self.form.k is not None:
            top = z.topk(self.form.k)
            return torch.zeros_like(z).scatter_(-1, top.indices, top.values.relu_())
        if self.threshold is None:
            return z.relu_()
        return z.relu() * (z > self.threshold)  # a product, which leaves NaN what it is

    def some(
        self, h: Float[Tensor, "rows d_in"], row: Int[Tensor, " n"], latent: Int[Tensor, " n"]
    ) -> Float[Tensor, " n"]:
        """One latent of one row, many times: every row that is asked for is computed once, a part of them at a time."""
        rows, of = row.unique(return_inverse=True)
        values = torch.empty(len(row), device=h.device)
        step = max(1, AT_ONCE // self.form.d_sae)
        for start in range(0, len(rows), step):
            here = (of >= start) & (of < start + step)
            values[here] = self.activations(h[rows[start : start + step]])[of[here] - start, latent[here]]
        return values

    def some_of_x(self, x: Float[Tensor, "n d_in"], latent: Int[Tensor, " n"]) -> Float[Tensor, " n"]:
        """One latent of each x, a part of them at a time."""
        step = max(1, AT_ONCE // self.form.d_sae)
        parts = [
            self.of_x(x[start : start + step]).gather(1, latent[start : start + step, None])[:, 0]
            for start in range(0, len(x), step)
        ]
        return torch.cat(parts) if parts else x.new_zeros(0)


def rescaled(h: Float[Tensor, "*rows d_in"], rescaling: str) -> Float[Tensor, "*rows d_in"]:
    """As SAELens brings what it reads to one length."""
    if rescaling == "constant_norm_rescale":
        return h * (h.shape[-1] ** 0.5 / h.norm(dim=-1, keepdim=True))
    if rescaling == "layer_norm":
        h = h - h.mean(-1, keepdim=True)
        return h / (h.std(-1, keepdim=True) + EPS)
    return h
