"""The same inputs and neurons with raw weights: those of the model, its norm not folded in."""

from dataclasses import replace

import numpy as np

from ne_core.atlas import Atlas
from precompute.evaluate.planted.sources import Pool
from precompute.models.model_facts import shipped_model


def raw_pools(atlas: Atlas, pools: dict[int, Pool], model: str | None) -> dict[int, Pool] | None:
    """Pools with raw weights by layer; None if the atlas's weights are raw already, or its model is not available."""
    manifest = atlas.manifest
    folded = manifest.weights == "folded" and not manifest.model.sae
    if not folded or not (model or shipped_model(atlas)):
        return None
    from precompute.models.of_atlas import open_model_of  # the model library takes seconds to load

    source, raw = open_model_of(atlas, "auto", model).source, {}
    for layer, pool in pools.items():
        x, W_in = source.unfolded(layer, np.asarray(pool.x, dtype=np.float32))
        raw[layer] = replace(pool, x=x, W_in=W_in)
    return raw
