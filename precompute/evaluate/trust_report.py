"""Report the measures against chance for each layer, as tables, figures, and a picture of the curves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.method.embeddings import EMBEDDINGS
from precompute.evaluate.bootstrap import interval, mean, mean_with_interval
from precompute.evaluate.trust_picture import Curve, trust_svg
from precompute.report import Figure, Report, aligned

HEAD = """\
Features against chance, in the space {space}, at cut {cut:g}. At {n} examples (the mean over {sets} random sets), for
every neuron with as many: against {directions} random directions of its layer (weights with the mean and covariance of
the neurons', examples selected by the same rule from the inputs stored for any neuron), and with its own weights
shuffled. 95 % intervals over neurons and directions (bootstrap). Neurons one by one: the part “chance”.
"""
CURVES = """\
Features by number of examples: means over the same units at every number, 95 % intervals over units.
"""


@dataclass(frozen=True)
class Layer:
    """Features at one number of examples: of every neuron, of random directions, and with shuffled weights."""

    layer: int
    neurons: Float[np.ndarray, " n_neurons"]
    random: Float[np.ndarray, " n_directions"]
    permuted: Float[np.ndarray, " n_neurons"]
    curves: Mapping[str, Curve]


def trust_report(atlas: Atlas, layers: Sequence[Layer]) -> Report:
    facts, manifest = atlas.manifest.rarefied, atlas.manifest
    head = HEAD.format(
        space=EMBEDDINGS[manifest.embedding],
        cut=manifest.default_cut,
        n=facts.examples,
        sets=facts.sets,
        directions=facts.directions,
    )
    titles = ["", "neurons", "features", "random directions", "weights shuffled"]
    means = aligned([titles, *map(row, layers)])
    grown = aligned([["", "units", "examples", "features"], *(line for layer in layers for line in lines(layer))])
    figures = [figure for layer in layers for figure in figures_of(layer, atlas.root.name)]
    picture = {"trust": trust_svg([(f"layer {each.layer}", each.curves) for each in layers if each.curves])}
    return Report("\n".join([head, means, "", CURVES, grown]), tuple(figures), picture)


def row(layer: Layer) -> list[str]:
    cells = [mean_with_interval(values, 2) for values in (layer.neurons, layer.random, layer.permuted)]
    return [f"layer {layer.layer}", f"{len(layer.neurons):,}", *cells]


def lines(layer: Layer) -> list[list[str]]:
    """Rows of the table of curves: one for each number of examples of each curve."""
    return [
        [f"layer {layer.layer}, {name}", f"{len(curve.features):,}", f"{n}", mean_with_interval(values, 2)]
        for name, curve in layer.curves.items()
        for n, values in zip(curve.ns, curve.features.T, strict=True)
    ]


def figures_of(layer: Layer, atlas: str) -> list[Figure]:
    suffix = f"layer{layer.layer}_{atlas}"
    sides = {"own": layer.neurons, "random": layer.random, "shuffled": layer.permuted}
    named = [(f"features_{name}", (mean(values), *interval(values)), "features") for name, values in sides.items()]
    for name, curve in layer.curves.items():
        short = name.split()[0]
        named += [
            (f"curve_{short}_{n}", (mean(values), *interval(values)), "features")
            for n, values in zip(curve.ns, curve.features.T, strict=True)
        ]
    ends = ("", "_low", "_high")
    return [
        Figure(f"trust_{name}{end}_{suffix}", value, unit)
        for name, values, unit in named
        for end, value in zip(ends, values, strict=True)
    ]
