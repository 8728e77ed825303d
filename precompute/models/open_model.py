"""The model of a run, loaded once in each process that needs it."""

from dataclasses import dataclass
from functools import lru_cache

import torch

from precompute.models.text_source import TextSource


@dataclass(frozen=True)
class ModelSpec:
    """Settings needed to load the same model in any process.

    `model` is a hub name or an absolute path; `threads` is the number of threads of a forward pass; `sae` is the
    absolute path of the autoencoder through which the model is read, its name on the hub, or None; `recorded` the path
    of recorded activations, which are read instead of a model.
    """

    model: str
    weights: str
    gated_embedding: str
    layers: tuple[int, ...] | None
    device: str
    dtype: str
    threads: int
    sae: str | None = None
    recorded: str | None = None


@lru_cache(maxsize=1)
def load_model(spec: ModelSpec) -> TextSource:
    """Return the source of `spec`. `threads` matters: the number of threads changes how sums are rounded."""
    from precompute.models.autoencoder import open_sae  # takes seconds to import; images do not need it
    from precompute.models.transformer import open_transformer

    torch.set_num_threads(spec.threads)
    if spec.recorded is not None:
        from precompute.models.recorded import open_recorded

        return open_recorded(spec.recorded, spec.layers)
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
