"""Random directions: neurons of a layer that look for nothing, with the examples that they would have kept.

A random direction's weights are normal with the mean and covariance of the weights of the layer's neurons, its bias is
one of theirs. Its activation is its pre-activation where that is above 0, as for ReLU: near a neuron's maximum the
other rectifiers hardly differ. Its examples are chosen as a neuron's are: in each dataset example its highest
activation, if that is at least `keep` of its maximum, and the first so many of these. The inputs at hand are those
kept for some neuron of the layer, not all that the model has seen: its maximum is the highest among these.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.method.layer import NeuronLayer

BLOCK = 2**14  # inputs looked at together
TRIES = 4  # as many times the directions that are wanted may be drawn, to find so many with examples enough


@dataclass(frozen=True)
class Pool:
    """A layer's neurons, and the inputs that were kept for any of them, in corpus order: of which dataset example."""

    weights: NeuronLayer
    x: Float[np.ndarray, "n_x d_in"]
    example: Int[np.ndarray, " n_x"]

    @staticmethod
    def of(
        weights: NeuronLayer,
        x: Float[np.ndarray, "n_x d_in"],
        x_row: Int[np.ndarray, " n_rows"],
        example: Int[np.ndarray, " n_rows"],
    ) -> "Pool":
        """From rows that say which input is theirs."""
        of_x = np.zeros(len(x), dtype=np.int64)
        of_x[x_row] = example
        return Pool(weights, x, of_x)


@dataclass(frozen=True)
class Directions:
    """Random directions, a column of W each, and their examples, one direction's after the other's, as rows of x."""

    W: Float[np.ndarray, "d_in n_directions"]
    n_examples: Int[np.ndarray, " n_directions"]
    x_row: Int[np.ndarray, " n_rows"]


def directions(pool: Pool, n: int, least: int, keep: float, max_examples: int, rng: np.random.Generator) -> Directions:
    """`n` random directions with at least so many examples each; what is missing of `n` has none."""
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for _ in range(TRIES):
        W, b = drawn(pool.weights, n, rng)
        kept = kept_rows(pool, W, b, keep, max_examples)
        found += [(w, mine) for w, mine in zip(W.T, kept, strict=True) if len(mine) >= least]
        if len(found) >= n:
            break
    found = found[:n]
    missing = [(np.zeros(pool.weights.d_in, np.float32), np.zeros(0, np.int64))] * (n - len(found))
    weights, kept = zip(*(found + missing), strict=True)
    return Directions(np.stack(weights, axis=1), np.array([len(mine) for mine in kept]), np.concatenate(kept))


def drawn(
    weights: NeuronLayer, n: int, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "d_in {n}"], Float[np.ndarray, " {n}"]]:
    """Weights of `n` random directions and their biases.

    A sum of the neurons' weights about their mean, each times a normal number, has their covariance exactly.
    """
    W = np.asarray(weights.W_in, dtype=np.float32)
    middle = W.mean(axis=1, keepdims=True)
    mixed = rng.normal(size=(weights.n_neurons, n)) / np.sqrt(max(weights.n_neurons - 1, 1))
    return middle + (W - middle) @ mixed.astype(np.float32), rng.choice(np.asarray(weights.b_in, np.float32), n)


def kept_rows(
    pool: Pool, W: Float[np.ndarray, "d_in n"], b: Float[np.ndarray, " n"], keep: float, max_examples: int
) -> list[Int[np.ndarray, " n_kept"]]:
    """Which of the layer's inputs each direction keeps, in corpus order."""
    if not len(pool.x):
        return [np.zeros(0, dtype=np.int64)] * W.shape[1]
    z = np.concatenate([np.asarray(pool.x[i : i + BLOCK], np.float32) @ W for i in range(0, len(pool.x), BLOCK)]) + b
    starts = np.flatnonzero(np.diff(pool.example, prepend=-1))
    best = np.maximum.reduceat(z, starts, axis=0)
    return [kept_of(column, top, starts, keep, max_examples) for column, top in zip(z.T, best.T, strict=True)]


def kept_of(
    z: Float[np.ndarray, " n_x"],
    best: Float[np.ndarray, " n_examples"],
    starts: Int[np.ndarray, " n_examples"],
    keep: float,
    max_examples: int,
) -> Int[np.ndarray, " n_kept"]:
    """Of one direction: `best` is the highest of z in each dataset example, whose inputs begin at `starts`."""
    passing = np.flatnonzero((best > 0) & (best >= keep * best.max()))[:max_examples]
    ends = np.append(starts[1:], len(z))
    return np.array([starts[i] + z[starts[i] : ends[i]].argmax() for i in passing], dtype=np.int64)
