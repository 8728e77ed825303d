"""Refit the decoder of a trained autoencoder with its latents fixed.

The L1 term makes every latent smaller than the best reconstruction needs ("shrinkage"). With the encoder fixed, the
same latents fire, and the decoder with the least squared error is a linear regression.
"""

import torch
from jaxtyping import Float
from torch import Tensor

RIDGE = 1e-4  # weight of the trained decoder, as a share of the number of inputs


def refit(
    f: Float[Tensor, "n d_sae"],
    h: Float[Tensor, "n d_in"],
    W_dec: Float[Tensor, "d_sae d_in"],
    b_dec: Float[Tensor, " d_in"],
) -> tuple[Float[Tensor, "d_sae d_in"], Float[Tensor, " d_in"]]:
    """Return W_dec and b_dec that minimise |h − ĥ|² + ridge × |change|²: a latent that never fires keeps its row."""
    ones = torch.ones(len(f), 1, dtype=f.dtype, device=f.device)
    F = torch.cat([f, ones], dim=1).double()
    before = torch.cat([W_dec, b_dec[None]]).double()
    gram = F.T @ F
    gram.diagonal().add_(RIDGE * len(f))
    change = torch.linalg.solve(gram, F.T @ (h.double() - F @ before))
    after = (before + change).to(W_dec.dtype)
    return after[:-1], after[-1]
