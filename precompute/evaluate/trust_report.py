"""What the measures against chance say of each layer, as tables, figures, and a picture of the curves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.method.embeddings import EMBEDDINGS
from ne_core.queries.chance import TAILS
from precompute.evaluate.resampled import RESAMPLES, SEED, interval, mean, told
from precompute.evaluate.trust_picture import Curve, trust_svg
from precompute.report import Figure, Report, aligned

HEAD = """\
Features against chance, in the space {space}, at cut {cut:g}. At {n} examples (the mean over {sets} random sets), of
every neuron with as many: against {directions} random directions of its layer (weights with the mean and covariance of
the neurons', examples chosen as theirs are among the inputs kept for any neuron), and with its own weights shuffled.
“fewer”, “more”: the share of neurons below or above 95 % of the random directions; chance alone makes 0.025 of each.
95 % intervals over neurons and directions (bootstrap).
"""
CURVES = """\
How features grow with examples: means over the same units at every number of examples, 95 % intervals over units.
"""


@dataclass(frozen=True)
class Layer:
    """At one number of examples: every neuron's features, every random direction's, and with weights shuffled."""

    layer: int
    own: Float[np.ndarray, " n_neurons"]
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
    titles = ["", "neurons", "features", "random directions", "weights shuffled", "fewer", "more"]
    shares = aligned([titles, *map(row, layers)])
    grown = aligned([["", "units", "examples", "features"], *(line for layer in layers for line in lines(layer))])
    figures = [figure for layer in layers for figure in figures_of(layer, atlas.root.name)]
    picture = {"trust": trust_svg([(f"layer {each.layer}", each.curves) for each in layers if each.curves])}
    return Report("\n".join([head, shares, "", CURVES, grown]), tuple(figures), picture)


def row(found: Layer) -> list[str]:
    beside = [told(values, 2) for values in (found.own, found.random, found.permuted)]
    shares = [spelled(*each) for each in outside(found)]
    return [f"layer {found.layer}", f"{len(found.own):,}", *beside, *shares]


def spelled(share: float, low: float, high: float) -> str:
    return f"{share:.3f} [{low:.3f}, {high:.3f}]"


def outside(found: Layer) -> list[tuple[float, float, float]]:
    """The shares of neurons below and above 95 % of the random directions, each with its interval."""
    if not (len(found.own) and len(found.random)):
        return [(np.nan,) * 3] * 2
    rng = np.random.default_rng(SEED)
    drawn = [shares(again(found.own, rng), again(found.random, rng)) for _ in range(RESAMPLES)]
    ends = np.quantile(drawn, TAILS, axis=0)
    here = shares(found.own, found.random)
    return [(share, *side.tolist()) for share, side in zip(here, ends.T, strict=True)]


def again(values: Float[np.ndarray, " n"], rng: np.random.Generator) -> Float[np.ndarray, " n"]:
    return values[rng.integers(len(values), size=len(values))]


def shares(own: Float[np.ndarray, " n"], random: Float[np.ndarray, " m"]) -> tuple[float, float]:
    low, high = np.quantile(random, TAILS)
    return float((own < low).mean()), float((own > high).mean())


def lines(found: Layer) -> list[list[str]]:
    """A row for each number of examples of each curve."""
    return [
        [f"layer {found.layer}, {name}", f"{len(curve.features):,}", f"{n}", told(values, 2)]
        for name, curve in found.curves.items()
        for n, values in zip(curve.ns, curve.features.T, strict=True)
    ]


def figures_of(found: Layer, atlas: str) -> list[Figure]:
    where = f"layer{found.layer}_{atlas}"
    sides = {"own": found.own, "random": found.random, "shuffled": found.permuted}
    named = [(f"features_{name}", (mean(values), *interval(values)), "features") for name, values in sides.items()]
    named += [(name, share, "share") for name, share in zip(("fewer", "more"), outside(found), strict=True)]
    for name, curve in found.curves.items():
        short = name.split()[0]
        named += [
            (f"curve_{short}_{n}", (mean(values), *interval(values)), "features")
            for n, values in zip(curve.ns, curve.features.T, strict=True)
        ]
    ends = ("", "_low", "_high")
    return [
        Figure(f"trust_{name}{end}_{where}", value, unit)
        for name, values, unit in named
        for end, value in zip(ends, values, strict=True)
    ]
