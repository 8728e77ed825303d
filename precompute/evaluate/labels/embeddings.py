"""Embeddings that are compared, by name, for the neurons of one layer."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas import Atlas
from ne_core.method.token_part import SHARES
from ne_core.queries.token_parts import input_tokens, layer_token_part

SPACES = ("neuron", "pre_mlp", "standardised", "whitened")  # of ne_core/method/embeddings.py
SHUFFLED, PARTS = "weights shuffled", "contributions"
SEED = 0


def embedding_names(atlas: Atlas) -> list[str]:
    """Names of the embeddings that the atlas has data for."""
    return [*SPACES, SHUFFLED, *SHARES, *([PARTS] if atlas.manifest.parts else [])]


class LayerEmbeddings:
    """Embeddings of the rows of one layer's neurons."""

    def __init__(self, atlas: Atlas, layer: int):
        columns = atlas.files[layer].columns
        self.atlas, self.layer, self.columns = atlas, layer, columns
        self.embedder, self.inputs = atlas.embedder(layer), atlas.layer_inputs(layer)
        self.W = np.asarray(columns["W_in"], dtype=np.float32)
        self.shuffled = np.random.default_rng(SEED).permuted(self.W, axis=0)
        self.token = input_tokens(atlas, layer)
        self.part = layer_token_part(atlas, layer, self.embedder)
        self.written = (atlas.files[layer].contributions or {}).get("contributions")
        self.scale = None if self.written is None else contribution_scale(self.written)

    def of(self, neuron: int, rows: Int[np.ndarray, " k"]) -> Iterator[tuple[str, Float[np.ndarray, "k d"]]]:
        """Yield each embedding of some rows of a neuron, numbered within it."""
        rows = self.atlas.files[self.layer].offsets[neuron] + rows
        index = self.inputs.index[rows]
        x, w = self.inputs.x[index].astype(np.float32), self.W[:, neuron]
        spaces = {space: self.embedder(space, x, w) for space in SPACES}
        yield from spaces.items()
        yield SHUFFLED, x * self.shuffled[:, neuron]
        for name, alpha in SHARES.items():
            yield name, self.part.keep(spaces["standardised"], self.token[index], alpha)
        if self.scale is not None:
            yield PARTS, self.contributions(neuron, rows)

    def contributions(self, neuron: int, rows: Int[np.ndarray, " k"]) -> Float[np.ndarray, "k n_parts"]:
        """Parts of the pre-activation, centred and scaled over the layer, without the biases, which never differ."""
        mean, deviation = self.scale
        return (self.written[rows].astype(np.float32)[:, :-1] - mean) / deviation


def contribution_scale(written: Float[np.ndarray, "n n_parts"]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each part over the layer's rows, 1 for a part that never changes."""
    parts = written.astype(np.float32)[:, :-1]
    deviation = parts.std(axis=0)
    return parts.mean(axis=0), np.where(deviation > 0, deviation, 1)
