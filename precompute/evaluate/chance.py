"""Part `chance` of the evaluation: neurons against a thousand random directions of their layer.

By layer the separation of the two with its interval, for each neuron a p-value and a false-discovery rate, for the
number of features and the mean distance. Numbers of features are those of the build: means over random sets of as many
examples as the atlas compares.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.errors import AtlasError
from ne_core.method.chance import false_discovery, p_values, separation
from ne_core.method.embeddings import EMBEDDINGS, Embedder, combined
from ne_core.method.equal_n import mean_distance, mean_features
from ne_core.method.trees.cluster import similarities
from precompute.evaluate.bootstrap import SEED
from precompute.evaluate.chance_directions import Random, corpus_directions, stored_directions
from precompute.evaluate.trust import example_rule
from precompute.live.reader import Reader, open_reader
from precompute.models.of_atlas import NoModelError
from precompute.report import Figure, Report, aligned
from precompute.run.progress import OnProgress, silent

DIRECTIONS, DRAWN, FEW = 1000, 2400, 40  # measured at most, drawn, and both for a quick look
RESAMPLES = 400
RATE = 0.05  # false-discovery rate, and p-value
NAMED = 5  # neurons of a layer that are named
MEASURES = {"features": "rarefied_features", "distance": "mean_distance"}
HEAD = """\
Neurons against random directions of their layer (weights with the mean and covariance of the neurons', examples
selected by the same rule from {pool}), in the space {space}, at cut {cut:g}: features at {n} examples,
and the mean distance between examples. AUC: probability that a neuron has less than a random direction, 0.5 by chance,
with its 95 % interval over neurons and directions (bootstrap). “p”: share of neurons with a one-sided p-value of at
most {rate:g}, as many by chance. “significant”: neurons at a false-discovery rate of {rate:g} (Benjamini and Hochberg)
over all {neurons:,} neurons that can be compared; “named”: the first of them by mean distance.
"""
ALL_POSITIONS = "all positions of the corpus"
STORED = "the inputs stored for any neuron, not all positions: that takes the model"


@dataclass(frozen=True)
class Compared:
    """Neurons of one layer that have enough examples, by number, and both measures of them and of its directions."""

    layer: int
    neuron: np.ndarray
    measured: dict[str, Float[np.ndarray, " n_neurons"]]
    random: dict[str, Float[np.ndarray, " n_directions"]]


def evaluate_chance(
    atlas: Atlas, quick: bool = False, model: str | None = None, on_progress: OnProgress = silent
) -> Report:
    """Return a table and figures. Raises AtlasError for an atlas without random directions or inputs."""
    if atlas.manifest.rarefied is None:
        raise AtlasError(f"{atlas.root} holds no numbers at equal examples: build it again with --rarefy 20")
    rule, (n, most) = example_rule(atlas), (FEW, FEW) if quick else (DRAWN, DIRECTIONS)
    for layer in atlas.layers:
        atlas.layer_inputs(layer)  # raises if there are none
    reader = reader_of(atlas, model)
    steps = Steps(len(atlas.layers) + (2 if reader else 0), on_progress)
    layers = []
    for layer, random in directions_of(atlas, reader, n, rule, steps):
        layers.append(compared(atlas, layer, random, most))
        steps.step()
    return report(atlas, layers, STORED if reader is None else ALL_POSITIONS)


@dataclass
class Steps:
    """Progress in steps of passes and layers."""

    total: int
    on_progress: OnProgress
    done: int = 0

    def step(self) -> None:
        self.done += 1
        self.on_progress(self.done, self.total)


def reader_of(atlas: Atlas, model: str | None) -> Reader | None:
    """Open the atlas with its model; None if that is missing and was not asked for."""
    try:
        return open_reader(atlas, "auto", model)
    except NoModelError:
        if model:
            raise
        return None


def directions_of(
    atlas: Atlas, reader: Reader | None, n: int, rule: tuple[float, int], steps: Steps
) -> Iterator[tuple[int, Random]]:
    if reader is not None:
        yield from corpus_directions(reader, n, rule, steps.step)
        return
    for layer in atlas.layers:
        yield layer, stored_directions(atlas, layer, n, rule)


def compared(atlas: Atlas, layer: int, random: Random, most: int) -> Compared:
    """Measure the first `most` directions with enough examples; neurons' measures are those of the atlas."""
    table, n = atlas.neurons, atlas.manifest.rarefied.examples
    rows = np.flatnonzero((table["layer"] == layer) & (table["n_examples"] >= n))
    neurons = {name: np.asarray(table[column][rows], dtype=np.float64) for name, column in MEASURES.items()}
    enough = [i for i, x in enumerate(random.x) if len(x) >= n][:most]
    embedder = atlas.embedder(layer)
    measured = [
        measure(atlas, embedder, random.x[i], random.W[:, i], np.random.default_rng([SEED, layer, i])) for i in enough
    ]
    columns = np.array(measured, dtype=np.float64).reshape(-1, len(MEASURES)).T
    return Compared(layer, table["neuron"][rows], neurons, dict(zip(MEASURES, columns, strict=True)))


def measure(
    atlas: Atlas,
    embedder: Embedder,
    x: Float[np.ndarray, "m d_in"],
    w: Float[np.ndarray, " d_in"],
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Both measures of one direction, rounded as an atlas stores those of neurons."""
    space, manifest = atlas.manifest.embedding, atlas.manifest
    cosines = similarities(combined(space, embedder.inputs(space, x), embedder.weights(space, w[:, None])[:, 0]))
    features = mean_features(cosines, manifest.rarefied.examples, manifest.default_cut, rng).value
    return float(np.float32(features)), float(np.float32(mean_distance(cosines).value))


def report(atlas: Atlas, layers: Sequence[Compared], pool: str) -> Report:
    manifest, rates = atlas.manifest, {name: rates_of(layers, name) for name in MEASURES}
    head = HEAD.format(
        pool=pool,
        space=EMBEDDINGS[manifest.embedding],
        cut=manifest.default_cut,
        n=manifest.rarefied.examples,
        rate=RATE,
        neurons=sum(len(each.neuron) for each in layers),
    )
    titles = ["", "neurons", "directions", "neurons’ mean", "directions’ mean", "AUC", "p", "significant", "named"]
    tables, figures = [], []
    for name, title in (("features", "features"), ("distance", "mean distance")):
        facts = [facts_of(layer, rate, name) for layer, rate in zip(layers, rates[name], strict=True)]
        tables.append(f"{title}\n\n{aligned([titles, *(row(*each) for each in zip(layers, facts, strict=True))])}")
        figures += [
            Figure(f"chance_{name}_{fact}_layer{layer.layer}_{atlas.root.name}", value, unit)
            for layer, each in zip(layers, facts, strict=True)
            for fact, value, unit in each.figures()
        ]
    return Report("\n".join([head, "\n\n".join(tables)]), tuple(figures))


def rates_of(layers: Sequence[Compared], name: str) -> list[Float[np.ndarray, " n_neurons"]]:
    """False-discovery rate of every neuron, among those of all layers."""
    p = [p_values(each.measured[name], each.random[name]) for each in layers]
    ends = np.cumsum([len(each) for each in p])[:-1]
    return np.split(false_discovery(np.concatenate(p)), ends) if p else []


@dataclass(frozen=True)
class Facts:
    """One measure of a layer: means, separation with its interval, and the significant neurons."""

    neurons: float
    random: float
    auc: tuple[float, float, float]
    p: float
    significant: np.ndarray

    def figures(self) -> Iterator[tuple[str, float, str]]:
        yield from zip(("auc", "auc_low", "auc_high"), self.auc, ["share"] * 3, strict=True)
        yield "p", self.p, "share"
        yield "significant", float(len(self.significant)), "neurons"


def facts_of(layer: Compared, rate: Float[np.ndarray, " n_neurons"], name: str) -> Facts:
    neurons, random = layer.measured[name], layer.random[name]
    passing = np.flatnonzero(rate <= RATE)
    by_distance = passing[np.argsort(layer.measured["distance"][passing], kind="stable")]
    p = float((p_values(neurons, random) <= RATE).mean()) if len(neurons) else float("nan")
    means = (float(each.mean()) if len(each) else float("nan") for each in (neurons, random))
    return Facts(*means, separation_with_interval(neurons, random), p, layer.neuron[by_distance])


def separation_with_interval(
    neurons: Float[np.ndarray, " n"], random: Float[np.ndarray, " m"]
) -> tuple[float, float, float]:
    """Separation, and the ends of its interval over resampled neurons and directions."""
    if not len(neurons) or not len(random):
        return (float("nan"),) * 3
    rng = np.random.default_rng(SEED)
    drawn = [
        separation(*(each[rng.integers(len(each), size=len(each))] for each in (neurons, random)))
        for _ in range(RESAMPLES)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975]).tolist()
    return separation(neurons, random), low, high


def row(layer: Compared, facts: Facts) -> list[str]:
    auc, low, high = facts.auc
    named = " ".join(f"N{number}" for number in facts.significant[:NAMED].tolist())
    return [
        f"layer {layer.layer}",
        f"{len(layer.neuron):,}",
        f"{len(layer.random['features']):,}",
        f"{facts.neurons:.2f}",
        f"{facts.random:.2f}",
        f"{auc:.3f} [{low:.3f}, {high:.3f}]",
        f"{facts.p:.3f}",
        f"{len(facts.significant):,}",
        named,
    ]
