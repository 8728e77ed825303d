"""The model of a run, opened once in each process that needs it."""

from dataclasses import dataclass
from functools import lru_cache

import torch

from precompute.models.text_source import TextSource


@dataclass(frozen=True)
class ModelSpec:
    """What opens the same model everywhere; `model` is a hub name or an absolute path, `threads` those of a forward.

    `sae` is the absolute path of the autoencoder that it is read through, if it is.
    """

    model: str
    weights: str
    gated_embedding: str
    layers: tuple[int, ...] | None
    device: str
    dtype: str
    threads: int
    sae: str | None = None


@lru_cache(maxsize=1)
def opened(spec: ModelSpec) -> TextSource:
    """The source of `spec`. How many threads share a sum changes its rounding, so that they belong to it."""
    from precompute.models.autoencoder import open_sae  # the model library takes seconds to load, and images do without
    from precompute.models.transformer import open_transformer

    torch.set_num_threads(spec.threads)
    if spec.sae is not None:
        return open_sae(spec.sae, spec.model, device=spec.device, dtype=getattr(torch, spec.dtype))
    return open_transformer(
        spec.model,
        weights=spec.weights,
        gated_embedding=spec.gated_embedding,
        layers=spec.layers,
        device=spec.device,
        dtype=getattr(torch, spec.dtype),
    )
