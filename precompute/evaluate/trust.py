"""Do neurons have other numbers of features than chance has? By number of examples, against both baselines.

The curve is of the same units at every number of examples, so that it shows what examples do and not which units have
many. Random directions are drawn anew for it, as the build draws them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.errors import AtlasError
from ne_core.method.cluster import similarities
from ne_core.method.embeddings import combined, reads_weights
from ne_core.method.equal_n import counts, random_subsets
from ne_core.refs import NeuronRef
from precompute.evaluate.trust_picture import Curve
from precompute.evaluate.trust_report import Layer, trust_report
from precompute.report import Report
from precompute.run.progress import OnProgress, counted, silent
from precompute.steps.directions import Pool, directions

COUNTS = (5, 10, 20, 40, 80)  # examples in a set
LEAST = 20  # units that a curve is drawn of, at least; so many examples are left out that fewer have
MOST, SETS = 60, 20  # units that it is drawn of, and random sets of each
SEED = 0


def evaluate_trust(atlas: Atlas, on_progress: OnProgress = silent) -> Report:
    """Raises AtlasError for an atlas without random directions or inputs."""
    if atlas.manifest.rarefied is None:
        raise AtlasError(f"{atlas.root} holds no random directions: build it again with --rarefy 20")
    keep, most = choice(atlas)
    for layer in atlas.layers:
        atlas.layer_inputs(layer)  # which raises where there are none
    layers = [layer_found(atlas, layer, keep, most) for layer in counted(atlas.layers, on_progress)]
    return trust_report(atlas, layers)


def choice(atlas: Atlas) -> tuple[float, int]:
    """By which rule examples were kept, which nobody has checked before."""
    keep, most = atlas.manifest.keep, atlas.manifest.max_examples
    if not (type(keep) in (int, float) and 0 <= keep <= 1 and type(most) is int and most > 0):
        raise AtlasError(f"{atlas.root / 'manifest.json'}: keep or max_examples is not what it must be")
    return float(keep), most


def layer_found(atlas: Atlas, layer: int, keep: float, most: int) -> Layer:
    here = (atlas.neurons["layer"] == layer) & (atlas.neurons["n_examples"] >= atlas.manifest.rarefied.examples)
    random = atlas.files[layer].random["random_features"]
    return Layer(
        layer,
        atlas.neurons["rarefied_features"][here].astype(np.float64),
        random[np.isfinite(random)].astype(np.float64),
        atlas.neurons["permuted_features"][here].astype(np.float64),
        curves(atlas, layer, keep, most),
    )


@dataclass(frozen=True)
class Units:
    """Some units of a layer, as the space makes them: their inputs and their weights."""

    x: Sequence[Float[np.ndarray, "_ d_in"]]
    W: Float[np.ndarray, "d_in n_units"]


def curves(atlas: Atlas, layer: int, keep: float, most: int) -> dict[str, Curve]:
    """Of the layer's neurons, of random directions, and of the same neurons with their weights shuffled."""
    ns, rng = lengths(atlas, layer), np.random.default_rng([SEED, layer])
    if not ns:
        return {}
    own = neurons(atlas, layer, ns[-1], rng)
    found = {"neurons": curve(atlas, layer, own, ns, rng)}
    for end in range(len(ns), 0, -1):  # as far as enough random directions have examples
        random = random_units(atlas, layer, ns[end - 1], (keep, most), rng)
        if len(random.x) >= LEAST:
            found["random directions"] = curve(atlas, layer, random, ns[:end], rng)
            break
    if reads_weights(atlas.manifest.embedding):
        shuffled = Units(own.x, rng.permuted(own.W, axis=0))
        found["weights shuffled"] = curve(atlas, layer, shuffled, ns, rng)
    return found


def lengths(atlas: Atlas, layer: int) -> list[int]:
    """The numbers of examples that enough neurons of the layer have."""
    n_examples = np.diff(atlas.files[layer].offsets)
    return [n for n in COUNTS if (n_examples >= n).sum() >= LEAST]


def neurons(atlas: Atlas, layer: int, least: int, rng: np.random.Generator) -> Units:
    """Of those with examples enough, some by lot."""
    there = np.flatnonzero(np.diff(atlas.files[layer].offsets) >= least)
    chosen = np.sort(rng.choice(there, min(MOST, len(there)), replace=False)).tolist()
    x = [np.asarray(atlas.neuron_inputs(NeuronRef(layer, neuron)), dtype=np.float32) for neuron in chosen]
    return Units(x, np.asarray(atlas.weights(layer).W_in[:, chosen], dtype=np.float32))


def random_units(atlas: Atlas, layer: int, least: int, rule: tuple[float, int], rng: np.random.Generator) -> Units:
    """Random directions with examples enough, of which there may be fewer."""
    inputs = atlas.layer_inputs(layer)
    pool = Pool.of(atlas.weights(layer), inputs.x, inputs.index, np.asarray(inputs.example))
    found = directions(pool, MOST, least, *rule, rng)
    there = found.n_examples > 0
    ends = np.cumsum(found.n_examples)[there]
    rows = [found.x_row[end - n : end] for end, n in zip(ends, found.n_examples[there], strict=True)]
    return Units([np.asarray(inputs.x[mine], dtype=np.float32) for mine in rows], found.W[:, there])


def curve(atlas: Atlas, layer: int, units: Units, ns: Sequence[int], rng: np.random.Generator) -> Curve:
    """Features of each unit at each number of examples."""
    space, cut, embedder = atlas.manifest.embedding, atlas.manifest.default_cut, atlas.embedder(layer)
    W, found = embedder.weights(space, units.W), np.empty((len(units.x), len(ns)))
    for i, x in enumerate(units.x):
        cosines = similarities(combined(space, embedder.inputs(space, x), W[:, i]))
        found[i] = [counts(cosines, random_subsets(len(x), n, SETS, rng), cut).mean() for n in ns]
    return Curve(tuple(ns), found)
