"""Parts of inputs that their tokens explain, from the inputs that an atlas stores; see ne_core/method/token_part.py."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Int

from ne_core.atlas import AtlasData
from ne_core.method.embeddings import Embedder
from ne_core.method.token_part import TokenPart, token_part

PER_TOKEN = 300  # inputs of a token that its part is computed from, evenly spaced: frequent ones have many thousands
BLOCK = 2**12  # inputs read at a time


def layer_token_part(
    atlas: AtlasData, layer: int, embedder: Embedder, tokens: Int[np.ndarray, " k"] | None = None
) -> TokenPart:
    """Compute the parts of some tokens, by default of all. Raises AtlasError if the atlas was built without inputs."""
    inputs, token = atlas.layer_inputs(layer), input_tokens(atlas, layer)
    tokens = np.unique(token if tokens is None else tokens)
    rows = np.flatnonzero(np.isin(token, tokens))
    rows = rows[spaced(token[rows], PER_TOKEN)]

    def blocks() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for start in range(0, len(rows), BLOCK):
            block = rows[start : start + BLOCK]
            yield embedder.standardised(inputs.x[block]), token[block]

    return token_part(blocks(), tokens, inputs.x.shape[1], len(atlas.vocab))


def input_tokens(atlas: AtlasData, layer: int) -> Int[np.ndarray, " n_kept"]:
    """Return the token of each stored input. Raises AtlasError if the atlas was built without inputs."""
    inputs = atlas.layer_inputs(layer)
    token = np.empty(len(inputs.x), dtype=np.int64)
    token[inputs.index] = atlas.tokens[inputs.example, inputs.pos]
    return token


def spaced(token: Int[np.ndarray, " n"], most: int) -> Bool[np.ndarray, " n"]:
    """Mask of at most `most` places of each token, evenly spaced, its first one among them."""
    order = np.argsort(token, kind="stable")
    rank = np.arange(len(token)) - np.searchsorted(token[order], token[order])
    step = -(-np.bincount(token) // most)
    selected = np.zeros(len(token), dtype=bool)
    selected[order] = rank % step[token[order]] == 0
    return selected
