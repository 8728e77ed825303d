"""Sources to plant: the stored inputs of a layer, and the ways to draw several sources from them.

`neurons`: 2 to 5 real neurons, up to 20 examples of each. Real neurons may have several meanings themselves, so a space
that splits one is not always wrong. `tokens`: inputs at 1 to 5 key tokens, which no clustering selected. `contexts`:
one key token after two different tokens. The halves share no neuron and no key token: choices made on one are tested
on the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int, Shaped

from ne_core.atlas import Atlas
from ne_core.method.trees.cluster import unit

EACH, LEAST = 20, 10  # examples of a source: the most and the least
N_BACKGROUND = 256
COUNTS = {"neurons": (2, 3, 4, 5), "tokens": (1, 2, 3, 4, 5), "contexts": (2,)}


@dataclass(frozen=True)
class Pool:
    """Stored inputs of a layer, their tokens and preceding tokens, and the rows of each neuron."""

    x: Float[np.ndarray, "n_kept d_in"]
    token: Int[np.ndarray, " n_kept"]
    previous: Int[np.ndarray, " n_kept"]
    place: Int[np.ndarray, " n_rows"]
    offsets: Int[np.ndarray, " n_offsets"]
    W_in: Float[np.ndarray, "d_in n_neurons"]

    @cached_property
    def halves(self) -> Int[np.ndarray, " n_neurons"]:
        """Half of each neuron, 0 or 1."""
        return np.random.default_rng(0).permutation(self.W_in.shape[1]) % 2

    @cached_property
    def unit_weights(self) -> Float[np.ndarray, "d_in n_neurons"]:
        return unit(self.W_in.T).T

    def background(self, rng: np.random.Generator) -> Float[np.ndarray, "n d_in"]:
        """A random sample of the layer's inputs."""
        return self.x[rng.choice(len(self.x), min(N_BACKGROUND, len(self.x)), replace=False)].astype(np.float32)


@dataclass(frozen=True)
class Planted:
    """Examples, the source of each, and the weights of one neuron for each source."""

    x: Float[np.ndarray, "n d_in"]
    source: Int[np.ndarray, " n"]
    weights: Float[np.ndarray, "d_in k"]

    @property
    def n_sources(self) -> int:
        return self.weights.shape[1]


def pool_of(atlas: Atlas, layer: int) -> Pool:
    """Inputs of a layer as a pool. Raises AtlasError for an atlas without inputs."""
    inputs, offsets = atlas.layer_inputs(layer), atlas.files[layer].offsets
    rows = np.unique(inputs.index, return_index=True)[1]
    example, pos = inputs.example[rows], inputs.pos[rows]
    tokens = atlas.tokens[example, pos], atlas.tokens[example, np.maximum(pos - 1, 0)]
    weights = np.asarray(atlas.weights(layer).W_in, dtype=np.float32)
    return Pool(np.asarray(inputs.x), *tokens, inputs.index, np.asarray(offsets), weights)


def neurons(pool: Pool, rng: np.random.Generator, k: int, half: int) -> Planted | None:
    """Plant examples of k real neurons; a shared example counts for the first. None if there are too few."""
    candidates = np.flatnonzero((np.diff(pool.offsets) >= EACH) & (pool.halves == half))
    if len(candidates) < k:
        return None
    selected, used, parts = rng.choice(candidates, k, replace=False), np.zeros(len(pool.x), dtype=bool), []
    for neuron in selected.tolist():
        rows = pool.place[pool.offsets[neuron] : pool.offsets[neuron + 1]]
        parts.append(rng.permutation(rows[~used[rows]])[:EACH])
        used[parts[-1]] = True
    return planted(pool, parts, pool.W_in[:, selected])


def tokens(pool: Pool, rng: np.random.Generator, k: int, half: int) -> Planted | None:
    """Plant inputs at k key tokens; None if there are too few."""
    words, counts = np.unique(pool.token, return_counts=True)
    candidates = words[(counts >= LEAST) & (half_of_token(words) == half)]
    if len(candidates) < k:
        return None
    return planted_from_rows(
        pool, rng, [np.flatnonzero(pool.token == word) for word in rng.choice(candidates, k, replace=False)]
    )


def contexts(pool: Pool, rng: np.random.Generator, k: int, half: int) -> Planted | None:
    """Plant inputs at one key token after k different tokens; None if there are too few."""
    pairs, counts = np.unique(np.stack([pool.token, pool.previous]), axis=1, return_counts=True)
    pairs = pairs[:, (counts >= LEAST) & (half_of_token(pairs[0]) == half)]
    words, often = np.unique(pairs[0], return_counts=True)
    if not (often >= k).any():
        return None
    word = rng.choice(words[often >= k])
    previous = rng.choice(pairs[1, pairs[0] == word], k, replace=False)
    return planted_from_rows(
        pool, rng, [np.flatnonzero((pool.token == word) & (pool.previous == each)) for each in previous]
    )


def half_of_token(words: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """Half of each token, 0 or 1, by a hash of its number: neighbours in a vocabulary are often similar."""
    return (words.astype(np.int64) * 2654435761 >> 16) & 1


def planted_from_rows(pool: Pool, rng: np.random.Generator, parts: list[Shaped[np.ndarray, " _n"]]) -> Planted | None:
    """Plant the given rows; each source gets the neuron with the highest mean response, at weights of length 1."""
    parts = [rng.permutation(part)[:EACH] for part in parts]
    means = np.stack([pool.x[part].astype(np.float32).mean(axis=0) for part in parts])
    return planted(pool, parts, pool.W_in[:, (means @ pool.unit_weights).argmax(axis=1)])


def planted(pool: Pool, parts: list[Int[np.ndarray, " _n"]], weights: Float[np.ndarray, "d_in k"]) -> Planted | None:
    """Return the planting; None if a source has too few examples left."""
    if min(map(len, parts)) < LEAST:
        return None
    source = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return Planted(pool.x[np.concatenate(parts)].astype(np.float32), source, weights)


Planting = Callable[[Pool, np.random.Generator, int, int], Planted | None]
PLANTINGS: dict[str, Planting] = {"neurons": neurons, "tokens": tokens, "contexts": contexts}
