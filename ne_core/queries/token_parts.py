"""Parts of inputs that their tokens explain, from the inputs that an atlas stores; see ne_core/method/token_part.py."""

import numpy as np
from jaxtyping import Bool, Int

from ne_core.atlas import AtlasData
from ne_core.method.embeddings import Embedder
from ne_core.method.token_part import TokenPart, token_part

PER_TOKEN = 300  # inputs of a token that its part is computed from, evenly spaced: frequent ones have many thousands


def layer_token_part(
    atlas: AtlasData, layer: int, embedder: Embedder, tokens: Int[np.ndarray, " k"] | None = None
) -> TokenPart:
    """Compute the parts of some tokens, by default of all. Raises AtlasError if the atlas was built without inputs."""
    inputs, token = atlas.layer_inputs(layer), input_tokens(atlas, layer)
    rows = np.flatnonzero(spaced(token, PER_TOKEN) & (True if tokens is None else np.isin(token, tokens)))
    return token_part(embedder.standardised(inputs.x[rows]), token[rows], len(atlas.vocab))


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
