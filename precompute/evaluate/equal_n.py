"""Measure the polysemanticity of a layer's units at an equal number of examples: means over random sets of that size.

More examples of one unit make more features and a larger maximum distance, whatever the unit means. The expected mean
distance between pairs does not depend on the number: it is that of all pairs.
"""

from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.method.equal_n import counts, mean_distance, random_subsets
from ne_core.method.measures import effective_inputs
from ne_core.method.trees.cluster import similarities
from ne_core.refs import NeuronRef

SETS, SEED = 20, 0


@dataclass(frozen=True)
class Unit:
    """Measures of one unit: `features` and `max_distance` are means over sets, `inputs` is the effective number."""

    features: float
    mean_distance: float
    max_distance: float
    inputs: float


@dataclass(frozen=True)
class Units:
    """Measures of the units of one layer that have enough examples; `n_all` counts all units that have any."""

    n_all: int
    features: Float[np.ndarray, " n_units"]
    mean_distance: Float[np.ndarray, " n_units"]
    max_distance: Float[np.ndarray, " n_units"]
    inputs: Float[np.ndarray, " n_units"]

    def __len__(self) -> int:
        return len(self.features)


MEASURED = tuple(field.name for field in fields(Unit))


def layer_units(atlas: Atlas, layer: int, n: int, cut: float, space: str) -> Units:
    """Measure the units of a layer by their embeddings in a space. Raises AtlasError for an atlas without inputs."""
    n_examples = np.diff(atlas.files[layer].offsets)
    weights, embedder, measured = atlas.weights(layer), atlas.embedder(layer), []
    for neuron in np.flatnonzero(n_examples >= n).tolist():
        x = atlas.neuron_inputs(NeuronRef(layer, neuron)).astype(np.float32)
        e = embedder(space, x, np.asarray(weights.W_in[:, neuron], dtype=np.float32))
        inputs = effective_inputs(weights.embed(x, neuron))
        measured.append(unit_at_equal_n(e, inputs, n, cut, np.random.default_rng((SEED, neuron))))
    columns = {name: np.array([getattr(unit, name) for unit in measured], dtype=np.float64) for name in MEASURED}
    return Units(int((n_examples > 0).sum()), **columns)


def unit_at_equal_n(
    e: Float[np.ndarray, "m d_in"], inputs: float, n: int, cut: float, rng: np.random.Generator
) -> Unit:
    """Measure one unit from n or more embeddings."""
    cosines, sets = similarities(e), random_subsets(len(e), n, SETS, rng)
    max_distances = [1 - cosines[np.ix_(rows, rows)].min() for rows in sets]
    features = counts(cosines, sets, cut).mean()
    return Unit(float(features), mean_distance(cosines).value, float(np.mean(max_distances)), inputs)
