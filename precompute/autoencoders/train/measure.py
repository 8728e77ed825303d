"""How well an autoencoder does on held-out examples: by itself, and when the model reads ĥ in the place of h."""

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
    """`fvu` is the squared error as a share of the variance of h; `dead` of the latents never fire here."""

    n_tokens: int
    l0: float
    fvu: float
    dead: float


@dataclass(frozen=True)
class Losses:
    """Nats per next token: as the model is, with ĥ for h, and with 0 for h, at the same positions."""

    clean: float
    spliced: float
    zeroed: float


class Dictionary:
    """The autoencoder on the model's device."""

    def __init__(self, sae: SAE, device: torch.device):
        weights = (sae.W_enc, sae.b_enc, sae.W_dec, sae.b_dec)
        self.W_enc, self.b_enc, self.W_dec, self.b_dec = (torch.from_numpy(each).to(device) for each in weights)

    def latents(self, h: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows d_sae"]:
        return torch.relu(h @ self.W_enc + self.b_enc)

    def reconstruction(self, f: Float[Tensor, "*rows d_sae"]) -> Float[Tensor, "*rows d_in"]:
        return f @ self.W_dec + self.b_dec


def alone(sae: Dictionary, h: Float[Tensor, "n d_in"]) -> Alone:
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
    """None where the model predicts no next token, or has no head."""
    if not source.causal:
        return None
    ways = {
        "clean": lambda h: h,
        "spliced": lambda h: sae.reconstruction(sae.latents(h.float())),
        "zeroed": torch.zeros_like,
    }
    found = {name: next_token_loss(source, texts, way) for name, way in ways.items()}
    return None if None in found.values() else Losses(**found)


def next_token_loss(source: TransformerSource, texts: Texts, way: Callable[[Tensor], Tensor]) -> float | None:
    """The mean over all next tokens, activations changed at the positions that count."""
    nats = n = 0.0
    for start in range(0, len(texts), AT_ONCE):
        part = texts.part(slice(start, start + AT_ONCE))
        tokens, lengths = (each.to(source.device) for each in part.tensors())
        used = torch.from_numpy(part.used).to(source.device)[..., None]

        def changed(h: Tensor, used: Tensor = used) -> Tensor:
            return torch.where(used, way(h).to(h), h)

        logits = source.logits_with(source.layers[0], tokens, lengths, changed)
        if logits is None:
            return None
        there = torch.arange(1, tokens.shape[1], device=source.device) < lengths[:, None]
        nats += float(torch.nn.functional.cross_entropy(logits[:, :-1][there], tokens[:, 1:][there], reduction="sum"))
        n += int(there.sum())
    return nats / n


def figures(found: Alone, model: Losses | None) -> list[Figure]:
    """The last three tell how much of what the layer does for the model is left."""
    told = {
        "sae_held_out_tokens": (found.n_tokens, "tokens"),
        "sae_l0": (found.l0, "latents/token"),
        "sae_fvu": (found.fvu, "share"),
        "sae_dead": (found.dead, "share"),
    }
    if model is not None:
        told |= {f"next_token_loss_{way}": (getattr(model, way), "nats") for way in ("clean", "spliced", "zeroed")}
    return [Figure(what, float(value), unit) for what, (value, unit) in told.items()]
