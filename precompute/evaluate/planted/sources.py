"""What is planted: a layer's kept inputs, and the ways to draw several sources from them.

`neurons`: 2 to 5 real neurons, up to 20 examples of each. Real neurons may have several meanings themselves, so a space
that splits one is not always wrong. `tokens`: inputs at 1 to 5 key tokens, which no clustering chose. `contexts`: one
key token after two different tokens. Halves share no neuron and no key token: what is chosen on one is tried on the
other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int, Shaped

from ne_core.atlas import Atlas
from ne_core.method.cluster import unit

EACH, LEAST = 20, 10  # examples of a source: so many, or at least
N_BACKGROUND = 256
COUNTS = {"neurons": (2, 3, 4, 5), "tokens": (1, 2, 3, 4, 5), "contexts": (2,)}


@dataclass(frozen=True)
class Pool:
    """The inputs that a layer kept, the token of each and the one before it, and which rows of neurons they are."""

    x: Float[np.ndarray, "n_kept d_in"]
    token: Int[np.ndarray, " n_kept"]
    previous: Int[np.ndarray, " n_kept"]
    place: Int[np.ndarray, " n_rows"]
    offsets: Int[np.ndarray, " n_offsets"]
    W_in: Float[np.ndarray, "d_in n_neurons"]

    @cached_property
    def halves(self) -> Int[np.ndarray, " n_neurons"]:
        """To which half a neuron belongs; a token belongs to that of the neuron of its number, as it were."""
        return np.random.default_rng(0).permutation(self.W_in.shape[1]) % 2

    @cached_property
    def unit_weights(self) -> Float[np.ndarray, "d_in n_neurons"]:
        return unit(self.W_in.T).T

    def background(self, rng: np.random.Generator) -> Float[np.ndarray, "n d_in"]:
        """Some inputs of the layer, whatever they are of."""
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
    """Raises AtlasError where the atlas was built without inputs."""
    inputs, offsets = atlas.layer_inputs(layer), atlas.files[layer].offsets
    rows = np.unique(inputs.index, return_index=True)[1]
    example, pos = inputs.example[rows], inputs.pos[rows]
    tokens = atlas.tokens[example, pos], atlas.tokens[example, np.maximum(pos - 1, 0)]
    weights = np.asarray(atlas.weights(layer).W_in, dtype=np.float32)
    return Pool(np.asarray(inputs.x), *tokens, inputs.index, np.asarray(offsets), weights)


def neurons(pool: Pool, rng: np.random.Generator, k: int, half: int) -> Planted | None:
    """The examples of k real neurons; those of several of them count for the first. None where there are too few."""
    able = np.flatnonzero((np.diff(pool.offsets) >= EACH) & (pool.halves == half))
    if len(able) < k:
        return None
    chosen, taken, parts = rng.choice(able, k, replace=False), np.zeros(len(pool.x), dtype=bool), []
    for neuron in chosen.tolist():
        mine = pool.place[pool.offsets[neuron] : pool.offsets[neuron + 1]]
        parts.append(rng.permutation(mine[~taken[mine]])[:EACH])
        taken[parts[-1]] = True
    return planted(pool, parts, pool.W_in[:, chosen])


def tokens(pool: Pool, rng: np.random.Generator, k: int, half: int) -> Planted | None:
    """Inputs at k key tokens."""
    words, counts = np.unique(pool.token, return_counts=True)
    able = words[(counts >= LEAST) & (in_half(words) == half)]
    if len(able) < k:
        return None
    return of_parts(pool, rng, [np.flatnonzero(pool.token == word) for word in rng.choice(able, k, replace=False)])


def contexts(pool: Pool, rng: np.random.Generator, k: int, half: int) -> Planted | None:
    """Inputs at one key token, after k different tokens."""
    pairs, counts = np.unique(np.stack([pool.token, pool.previous]), axis=1, return_counts=True)
    pairs = pairs[:, (counts >= LEAST) & (in_half(pairs[0]) == half)]
    words, often = np.unique(pairs[0], return_counts=True)
    if not (often >= k).any():
        return None
    word = rng.choice(words[often >= k])
    before = rng.choice(pairs[1, pairs[0] == word], k, replace=False)
    return of_parts(pool, rng, [np.flatnonzero((pool.token == word) & (pool.previous == each)) for each in before])


def in_half(words: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """0 or 1 by a hash of the number: neighbours in a vocabulary are often alike."""
    return (words.astype(np.int64) * 2654435761 >> 16) & 1


def of_parts(pool: Pool, rng: np.random.Generator, parts: list[Shaped[np.ndarray, " _n"]]) -> Planted | None:
    """The neuron of a source is the one that responds most to it, in mean, of weights at length 1."""
    parts = [rng.permutation(part)[:EACH] for part in parts]
    means = np.stack([pool.x[part].astype(np.float32).mean(axis=0) for part in parts])
    return planted(pool, parts, pool.W_in[:, (means @ pool.unit_weights).argmax(axis=1)])


def planted(pool: Pool, parts: list[Int[np.ndarray, " _n"]], weights: Float[np.ndarray, "d_in k"]) -> Planted | None:
    """None where a source has too few examples left."""
    if min(map(len, parts)) < LEAST:
        return None
    source = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return Planted(pool.x[np.concatenate(parts)].astype(np.float32), source, weights)


Planting = Callable[[Pool, np.random.Generator, int, int], Planted | None]
PLANTINGS: dict[str, Planting] = {"neurons": neurons, "tokens": tokens, "contexts": contexts}
