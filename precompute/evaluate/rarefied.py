"""How polysemantic a layer's units are at a given number of examples: the mean over random sets of so many.

More examples of one unit make more features and a larger greatest distance, whatever the unit means. The mean distance
between pairs is the same at any number, in expectation: that of all pairs.
"""

from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.method.cluster import similarities
from ne_core.method.equal_n import counts, mean_distance, random_subsets
from ne_core.method.measures import effective_inputs
from ne_core.refs import NeuronRef

SETS, SEED = 20, 0


@dataclass(frozen=True)
class Unit:
    """`features`, `max_distance`: means over sets of examples; `inputs`: how many inputs the unit reads."""

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


def layer_units(atlas: Atlas, layer: int, n: int, cut: float, space: str) -> Units:
    """By their embeddings in a space. Raises AtlasError where the atlas was built without inputs."""
    there = np.diff(atlas.files[layer].offsets)
    weights, embedder, found = atlas.weights(layer), atlas.embedder(layer), []
    for neuron in np.flatnonzero(there >= n).tolist():
        x = atlas.neuron_inputs(NeuronRef(layer, neuron)).astype(np.float32)
        e = embedder(space, x, np.asarray(weights.W_in[:, neuron], dtype=np.float32))
        inputs = effective_inputs(weights.embed(x, neuron))
        found.append(rarefied(e, inputs, n, cut, np.random.default_rng((SEED, neuron))))
    columns = {name: np.array([getattr(unit, name) for unit in found], dtype=np.float64) for name in MEASURED}
    return Units(int((there > 0).sum()), **columns)


def rarefied(e: Float[np.ndarray, "m d_in"], inputs: float, n: int, cut: float, rng: np.random.Generator) -> Unit:
    """One unit, by at least n embeddings."""
    cosines, sets = similarities(e), random_subsets(len(e), n, SETS, rng)
    widest = [1 - cosines[np.ix_(some, some)].min() for some in sets]
    features = counts(cosines, sets, cut).mean()
    return Unit(float(features), mean_distance(cosines).value, float(np.mean(widest)), inputs)
