"""Compare neurons' numbers of features with chance, by number of examples, against both baselines.

A curve uses the same units at every number of examples, so that it shows the effect of examples and not which units
have many. Its random directions are drawn anew, as in the build.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.errors import AtlasError
from ne_core.method.embeddings import combined, reads_weights
from ne_core.method.equal_n import counts, random_subsets
from ne_core.method.trees.cluster import similarities
from ne_core.refs import NeuronRef
from precompute.evaluate.trust_picture import Curve
from precompute.evaluate.trust_report import Layer, trust_report
from precompute.report import Report
from precompute.run.progress import OnProgress, counted, silent
from precompute.steps.directions import Pool, directions

COUNTS = (5, 10, 20, 40, 80)  # examples in a set
LEAST = 20  # units of a curve, at least; numbers of examples that fewer units have are left out
MOST, SETS = 60, 20  # units of a curve, and random sets of each
SEED = 0


def evaluate_trust(atlas: Atlas, on_progress: OnProgress = silent) -> Report:
    """Return tables, figures and a picture. Raises AtlasError for an atlas without random directions or inputs."""
    if atlas.manifest.rarefied is None:
        raise AtlasError(f"{atlas.root} holds no random directions: build it again with --rarefy 20")
    keep, max_examples = example_rule(atlas)
    for layer in atlas.layers:
        atlas.layer_inputs(layer)  # raises if there are none
    layers = [measure_layer(atlas, layer, keep, max_examples) for layer in counted(atlas.layers, on_progress)]
    return trust_report(atlas, layers)


def example_rule(atlas: Atlas) -> tuple[float, int]:
    """Rule by which examples were selected, checked: (`keep`, `max_examples`). Raises AtlasError."""
    keep, max_examples = atlas.manifest.keep, atlas.manifest.max_examples
    if not (type(keep) in (int, float) and 0 <= keep <= 1 and type(max_examples) is int and max_examples > 0):
        raise AtlasError(f"{atlas.root / 'manifest.json'}: keep must be from 0 to 1, and max_examples 1 or more")
    return float(keep), max_examples


def measure_layer(atlas: Atlas, layer: int, keep: float, max_examples: int) -> Layer:
    is_measured = (atlas.neurons["layer"] == layer) & (atlas.neurons["n_examples"] >= atlas.manifest.rarefied.examples)
    random = atlas.files[layer].random["random_features"]
    return Layer(
        layer,
        atlas.neurons["rarefied_features"][is_measured].astype(np.float64),
        random[np.isfinite(random)].astype(np.float64),
        atlas.neurons["permuted_features"][is_measured].astype(np.float64),
        curves(atlas, layer, keep, max_examples),
    )


@dataclass(frozen=True)
class Units:
    """Inputs and weights of some units of a layer, as its space sees them."""

    x: Sequence[Float[np.ndarray, "_ d_in"]]
    W: Float[np.ndarray, "d_in n_units"]


def curves(atlas: Atlas, layer: int, keep: float, max_examples: int) -> dict[str, Curve]:
    """Curves of the layer's neurons, of random directions, and of the same neurons with shuffled weights."""
    ns, rng = lengths(atlas, layer), np.random.default_rng([SEED, layer])
    if not ns:
        return {}
    layer_neurons = sampled_neurons(atlas, layer, ns[-1], rng)
    by_name = {"neurons": curve(atlas, layer, layer_neurons, ns, rng)}
    for end in range(len(ns), 0, -1):  # up to the number of examples that enough random directions have
        random = random_units(atlas, layer, ns[end - 1], (keep, max_examples), rng)
        if len(random.x) >= LEAST:
            by_name["random directions"] = curve(atlas, layer, random, ns[:end], rng)
            break
    if reads_weights(atlas.manifest.embedding):
        shuffled = Units(layer_neurons.x, rng.permuted(layer_neurons.W, axis=0))
        by_name["weights shuffled"] = curve(atlas, layer, shuffled, ns, rng)
    return by_name


def lengths(atlas: Atlas, layer: int) -> list[int]:
    """Numbers of examples that enough neurons of the layer have."""
    n_examples = np.diff(atlas.files[layer].offsets)
    return [n for n in COUNTS if (n_examples >= n).sum() >= LEAST]


def sampled_neurons(atlas: Atlas, layer: int, min_examples: int, rng: np.random.Generator) -> Units:
    """Random sample of the neurons with enough examples."""
    candidates = np.flatnonzero(np.diff(atlas.files[layer].offsets) >= min_examples)
    selected = np.sort(rng.choice(candidates, min(MOST, len(candidates)), replace=False)).tolist()
    x = [np.asarray(atlas.neuron_inputs(NeuronRef(layer, neuron)), dtype=np.float32) for neuron in selected]
    return Units(x, np.asarray(atlas.weights(layer).W_in[:, selected], dtype=np.float32))


def random_units(
    atlas: Atlas, layer: int, min_examples: int, rule: tuple[float, int], rng: np.random.Generator
) -> Units:
    """Random directions with enough examples; possibly fewer than `MOST`."""
    inputs = atlas.layer_inputs(layer)
    pool = Pool.of(atlas.weights(layer), inputs.x, inputs.index, np.asarray(inputs.example))
    drawn = directions(pool, MOST, min_examples, *rule, rng)
    has_examples = drawn.n_examples > 0
    ends = np.cumsum(drawn.n_examples)[has_examples]
    rows = [drawn.x_row[end - n : end] for end, n in zip(ends, drawn.n_examples[has_examples], strict=True)]
    return Units([np.asarray(inputs.x[indices], dtype=np.float32) for indices in rows], drawn.W[:, has_examples])


def curve(atlas: Atlas, layer: int, units: Units, ns: Sequence[int], rng: np.random.Generator) -> Curve:
    """Features of each unit at each number of examples."""
    space, cut, embedder = atlas.manifest.embedding, atlas.manifest.default_cut, atlas.embedder(layer)
    W, features = embedder.weights(space, units.W), np.empty((len(units.x), len(ns)))
    for i, x in enumerate(units.x):
        cosines = similarities(combined(space, embedder.inputs(space, x), W[:, i]))
        features[i] = [counts(cosines, random_subsets(len(x), n, SETS, rng), cut).mean() for n in ns]
    return Curve(tuple(ns), features)
