"""Measure an autoencoder on held-out examples: alone, and in the model with ĥ in place of h."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ne_core.method.sae import SAE
from precompute.autoencoders.train.activations import AT_ONCE, Texts
from precompute.models.transformer import TransformerSource
from precompute.report import Figure

ROWS = 2**12  # activations encoded together


@dataclass(frozen=True)
class Alone:
    """Measures of the autoencoder without the model.

    `fvu`: squared error as a share of the variance of h. `dead`: share of latents that never fire.
    """

    n_tokens: int
    l0: float
    fvu: float
    dead: float


@dataclass(frozen=True)
class Losses:
    """Nats per next token: with the model's h, with ĥ for h, and with 0 for h, at the same positions."""

    clean: float
    spliced: float
    zeroed: float


class Dictionary:
    """Autoencoder on the model's device."""

    def __init__(self, sae: SAE, device: torch.device):
        weights = (sae.W_enc, sae.b_enc, sae.W_dec, sae.b_dec)
        self.W_enc, self.b_enc, self.W_dec, self.b_dec = (torch.from_numpy(array).to(device) for array in weights)

    def latents(self, h: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows d_sae"]:
        return torch.relu(h @ self.W_enc + self.b_enc)

    def reconstruction(self, f: Float[Tensor, "*rows d_sae"]) -> Float[Tensor, "*rows d_in"]:
        return f @ self.W_dec + self.b_dec


def measure_alone(sae: Dictionary, h: Float[Tensor, "n d_in"]) -> Alone:
    mean, fired = h.double().mean(dim=0), torch.zeros(len(sae.b_enc), dtype=torch.bool)
    error = variance = active = 0.0
    for part in h.split(ROWS):
        f = sae.latents(part.to(sae.b_enc))
        error += float((part.to(f) - sae.reconstruction(f)).double().square().sum())
        variance += float((part.double() - mean).square().sum())
        active += float((f > 0).sum())
        fired |= (f > 0).any(dim=0).cpu()
    return Alone(len(h), active / len(h), error / max(variance, 1e-12), float((~fired).float().mean()))


def losses(source: TransformerSource, sae: Dictionary, texts: Texts) -> Losses | None:
    """Next-token losses; None if the model predicts no next token or has no head."""
    if not source.causal:
        return None
    edits = {
        "clean": lambda h: h,
        "spliced": lambda h: sae.reconstruction(sae.latents(h.float())),
        "zeroed": torch.zeros_like,
    }
    nats = {name: next_token_loss(source, texts, edit) for name, edit in edits.items()}
    return None if None in nats.values() else Losses(**nats)


def next_token_loss(source: TransformerSource, texts: Texts, edit: Callable[[Tensor], Tensor]) -> float | None:
    """Mean loss over all next tokens, activations edited at the used positions; None for a model without a head."""
    nats = n = 0.0
    for start in range(0, len(texts), AT_ONCE):
        part = texts.part(slice(start, start + AT_ONCE))
        tokens, lengths = (each.to(source.device) for each in part.tensors())
        used = torch.from_numpy(part.used).to(source.device)[..., None]

        def edited(h: Tensor, used: Tensor = used) -> Tensor:
            return torch.where(used, edit(h).to(h), h)

        logits = source.logits_with(source.layers[0], tokens, lengths, edited)
        if logits is None:
            return None
        has_next = torch.arange(1, tokens.shape[1], device=source.device) < lengths[:, None]
        nats += float(
            torch.nn.functional.cross_entropy(logits[:, :-1][has_next], tokens[:, 1:][has_next], reduction="sum")
        )
        n += int(has_next.sum())
    return nats / n


def figures(measures: Alone, model: Losses | None) -> list[Figure]:
    """Figures for `--json`; the last three show how much of the layer's effect on the model is left."""
    values = {
        "sae_held_out_tokens": (measures.n_tokens, "tokens"),
        "sae_l0": (measures.l0, "latents/token"),
        "sae_fvu": (measures.fvu, "share"),
        "sae_dead": (measures.dead, "share"),
    }
    if model is not None:
        values |= {f"next_token_loss_{edit}": (getattr(model, edit), "nats") for edit in ("clean", "spliced", "zeroed")}
    return [Figure(name, float(value), unit) for name, (value, unit) in values.items()]
