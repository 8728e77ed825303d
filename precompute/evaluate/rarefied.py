"""How polysemantic a unit is at a given number of examples: the mean over random sets of so many.

More examples of one unit make more features and a larger greatest distance, whatever the unit means. The mean distance
between pairs is the same at any number, in expectation: that of all pairs.
"""

from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.cluster import similarities, tree
from ne_core.refs import NeuronRef

SETS, SEED = 20, 0


@dataclass(frozen=True)
class Unit:
    """`features`, `max_distance`: means over sets of examples; `inputs`: how many inputs its embeddings live on."""

    features: float
    mean_distance: float
    max_distance: float
    inputs: float


@dataclass(frozen=True)
class Units:
    """Of those of one layer with examples enough, a value each; `n_all` counts every unit that has any example."""

    n_all: int
    features: Float[np.ndarray, " n_units"]
    mean_distance: Float[np.ndarray, " n_units"]
    max_distance: Float[np.ndarray, " n_units"]
    inputs: Float[np.ndarray, " n_units"]

    def __len__(self) -> int:
        return len(self.features)


MEASURED = tuple(field.name for field in fields(Unit))


def layer_units(atlas: Atlas, layer: int, n: int, cut: float) -> Units:
    """Raises AtlasError where the atlas was built without inputs."""
    there = np.diff(atlas.files[layer].offsets)
    weights, found = atlas.weights(layer), []
    for neuron in np.flatnonzero(there >= n).tolist():
        x = atlas.neuron_inputs(NeuronRef(layer, neuron)).astype(np.float32)
        found.append(rarefied(weights.embed(x, neuron), n, cut, np.random.default_rng((SEED, neuron))))
    columns = {name: np.array([getattr(unit, name) for unit in found], dtype=np.float64) for name in MEASURED}
    return Units(int((there > 0).sum()), **columns)


def rarefied(e: Float[np.ndarray, "m d_in"], n: int, cut: float, rng: np.random.Generator) -> Unit:
    """One unit, by its neuron embeddings; at least n of them."""
    cosines, features, widest = similarities(e), [], []
    for _ in range(SETS):
        some = rng.choice(len(e), n, replace=False)
        among = cosines[np.ix_(some, some)]
        features.append(n - int((tree(among)[:, 2] <= cut).sum()))
        widest.append(float(1 - among.min()))
    pairs = cosines[np.triu_indices(len(e), 1)]
    return Unit(float(np.mean(features)), float(1 - pairs.mean()), float(np.mean(widest)), effective_inputs(e))


def effective_inputs(e: Float[np.ndarray, "m d_in"]) -> float:
    """1 / Σ p², p an input's share of all the squares: 1 where one input makes the embeddings, d_in where all do."""
    squares = np.square(e, dtype=np.float64).sum(axis=0)
    p = squares / max(squares.sum(), np.finfo(np.float64).tiny)
    return float(1 / max(np.square(p).sum(), np.finfo(np.float64).tiny))
