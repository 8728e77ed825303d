"""Random directions: artificial neurons of a layer with random weights, and their activating examples.

A random direction's weights are normal with the mean and covariance of the weights of the layer's neurons, its bias is
one of theirs. Its activation is its pre-activation where that is above 0, as for ReLU: near a neuron's maximum the
other rectifiers hardly differ. Its examples are selected as a neuron's are: in each dataset example its highest
activation, if that is at least `keep` of its maximum, and the first `max_examples` of these, without near duplicates
where neurons are without. The available inputs are those stored for some neuron of the layer, not all inputs of the
corpus: its maximum is the highest among these.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.method.layer import NeuronLayer
from precompute.steps.distinct import first_of_each

BLOCK = 2**14  # inputs multiplied at once
TRIES = 4  # attempts to draw enough directions with enough examples


@dataclass(frozen=True)
class Pool:
    """Neurons of a layer, and the inputs stored for any of them, in corpus order, with their dataset example.

    `ending` numbers the text up to each input where near duplicates are dropped, else it is None.
    """

    weights: NeuronLayer
    x: Float[np.ndarray, "n_x d_in"]
    example: Int[np.ndarray, " n_x"]
    ending: Int[np.ndarray, " n_x"] | None = None

    @staticmethod
    def of(
        weights: NeuronLayer,
        x: Float[np.ndarray, "n_x d_in"],
        x_row: Int[np.ndarray, " n_rows"],
        example: Int[np.ndarray, " n_rows"],
        ending: Int[np.ndarray, " n_rows"] | None = None,
    ) -> "Pool":
        """Make a pool from rows with the index of their input."""

        def by_x(of_row: Int[np.ndarray, " n_rows"]) -> Int[np.ndarray, " n_x"]:
            values = np.zeros(len(x), dtype=np.int64)
            values[x_row] = of_row
            return values

        return Pool(weights, x, by_x(example), None if ending is None else by_x(ending))

    def distinct(self, rows: Int[np.ndarray, " k"]) -> Int[np.ndarray, " n_distinct"]:
        """Return rows of x without near duplicates of earlier ones, where these are dropped."""
        return rows if self.ending is None else rows[first_of_each(np.zeros(len(rows), np.int64), self.ending[rows])]


@dataclass(frozen=True)
class Directions:
    """Random directions, one column of W each, and their examples as rows of x, one direction after the other."""

    W: Float[np.ndarray, "d_in n_directions"]
    n_examples: Int[np.ndarray, " n_directions"]
    x_row: Int[np.ndarray, " n_rows"]


def directions(
    pool: Pool, n: int, min_examples: int, keep: float, max_examples: int, rng: np.random.Generator
) -> Directions:
    """Return `n` random directions with at least `min_examples` examples each, padded with zeros without examples."""
    accepted: list[tuple[np.ndarray, np.ndarray]] = []
    for _ in range(TRIES):
        W, b = draw_directions(pool.weights, n, rng)
        rows_by_direction = activating_rows(pool, W, b, keep, max_examples)
        accepted += [(w, rows) for w, rows in zip(W.T, rows_by_direction, strict=True) if len(rows) >= min_examples]
        if len(accepted) >= n:
            break
    accepted = accepted[:n]
    missing = [(np.zeros(pool.weights.d_in, np.float32), np.zeros(0, np.int64))] * (n - len(accepted))
    weights, rows_by_direction = zip(*(accepted + missing), strict=True)
    return Directions(
        np.stack(weights, axis=1),
        np.array([len(rows) for rows in rows_by_direction]),
        np.concatenate(rows_by_direction),
    )


def draw_directions(
    weights: NeuronLayer, n: int, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "d_in {n}"], Float[np.ndarray, " {n}"]]:
    """Draw the weights and biases of `n` random directions.

    A sum of the neurons' centred weights, each times a normal number, has exactly their covariance.
    """
    W = np.asarray(weights.W_in, dtype=np.float32)
    middle = W.mean(axis=1, keepdims=True)
    mixed = rng.normal(size=(weights.n_neurons, n)) / np.sqrt(max(weights.n_neurons - 1, 1))
    return middle + (W - middle) @ mixed.astype(np.float32), rng.choice(np.asarray(weights.b_in, np.float32), n)


def activating_rows(
    pool: Pool, W: Float[np.ndarray, "d_in n"], b: Float[np.ndarray, " n"], keep: float, max_examples: int
) -> list[Int[np.ndarray, " n_kept"]]:
    """Return the rows of x that are activating examples of each direction, in corpus order."""
    if not len(pool.x):
        return [np.zeros(0, dtype=np.int64)] * W.shape[1]
    z = np.concatenate([np.asarray(pool.x[i : i + BLOCK], np.float32) @ W for i in range(0, len(pool.x), BLOCK)]) + b
    starts = np.flatnonzero(np.diff(pool.example, prepend=-1))
    best = np.maximum.reduceat(z, starts, axis=0)
    columns = zip(z.T, best.T, strict=True)
    return [pool.distinct(direction_rows(column, top, starts, keep, max_examples)) for column, top in columns]


def direction_rows(
    z: Float[np.ndarray, " n_x"],
    best: Float[np.ndarray, " n_examples"],
    starts: Int[np.ndarray, " n_examples"],
    keep: float,
    max_examples: int,
) -> Int[np.ndarray, " n_kept"]:
    """Return the rows of one direction; `best` is the highest z of each dataset example, which begins at `starts`."""
    passing = np.flatnonzero((best > 0) & (best >= keep * best.max()))[:max_examples]
    ends = np.append(starts[1:], len(z))
    return np.array([starts[i] + z[starts[i] : ends[i]].argmax() for i in passing], dtype=np.int64)
