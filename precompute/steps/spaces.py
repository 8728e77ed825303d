"""Every neuron's clusters in several spaces, each measured in all of them: the table that compares spaces.

A unit of work is the neurons of a unit of features (features.py). The clusters of the space that made the atlas's trees
are the atlas's features; those of another are its own tree, cut into as many.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.atlas.schema import CELLS
from ne_core.method.cluster import cut_into, similarities, tree
from ne_core.method.comparison import COMPARED, STORED, comparable, compared
from ne_core.method.embeddings import REFERENCE, Embedder, combined
from precompute.config import RunConfig
from precompute.run.mapped import let_go
from precompute.run.step import Step
from precompute.run.work import Load, Work
from precompute.steps.features import CHUNK, few_rows, parts_of
from precompute.steps.layer_features import LayerFound
from precompute.steps.rows import CollectedLayer


@dataclass(frozen=True)
class SpacesJob:
    """The space that made the atlas's features."""

    embedding: str


@dataclass(frozen=True)
class SpacesAsked:
    """Some neurons that can be compared: inputs and weights by space, and the feature of every row."""

    x: Mapping[str, Float[np.ndarray, "n_rows d_in"]]
    W: Mapping[str, Float[np.ndarray, "d_in n_neurons"]]
    n_examples: Int[np.ndarray, " n_neurons"]
    feature: Int[np.ndarray, " n_rows"]


def part_of(part: int) -> slice:
    return slice(part * CHUNK, (part + 1) * CHUNK)


def neurons_of(found: LayerFound, part: int) -> int:
    return len(found.rows.maxima[part_of(part)])


def compared_of(found: LayerFound) -> Bool[np.ndarray, " n_neurons"]:
    return comparable(found.features.n_examples, found.features.n_features)


def spaces_asked(found: LayerFound, part: int, embedder: Embedder) -> SpacesAsked:
    """The layer's `part`-th unit, numbered from 0."""
    rows, inside = found.rows, np.zeros(len(found.rows.maxima), dtype=bool)
    inside[part_of(part)] = compared_of(found)[part_of(part)]
    mine = np.flatnonzero(inside[rows.neuron])
    x, W = np.asarray(rows.x[rows.x_row[mine]]), rows.weights.W_in[:, inside]
    return SpacesAsked(
        {space: embedder.inputs(space, x) for space in COMPARED},
        {space: embedder.weights(space, W) for space in COMPARED},
        found.features.n_examples[inside],
        found.features.feature[mine],
    )


def work_spaces(job: SpacesJob, asked: SpacesAsked) -> dict[str, np.ndarray]:
    """The columns of a unit that are measures."""
    ends, told = np.cumsum(asked.n_examples), []
    for neuron, (end, n) in enumerate(zip(ends.tolist(), asked.n_examples.tolist(), strict=True)):
        rows = slice(end - n, end)
        cosines = [
            similarities(combined(space, np.float32(asked.x[space][rows]), np.float32(asked.W[space][:, neuron])))
            for space in COMPARED
        ]
        told.append(compared(cosines, clusters(job.embedding, cosines, asked.feature[rows])))
    return {name: np.array([each[name] for each in told], np.float32).reshape(-1, CELLS) for name in STORED}


def clusters(
    embedding: str, cosines: Sequence[Float[np.ndarray, "n n"]], feature: Int[np.ndarray, " n"]
) -> list[Int[np.ndarray, " n"]]:
    """Of each space, as many as there are features."""
    n_features = int(feature.max()) + 1
    return [
        feature if space == embedding else cut_into(tree(among), n_features)
        for space, among in zip(COMPARED, cosines, strict=True)
    ]


def spaces_from(layers: Sequence[LayerFound], units: Iterable[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The table from the units of all layers, in order."""
    those = [np.flatnonzero(compared_of(found)) for found in layers]
    parts = list(units)
    return {
        "layer": np.concatenate([np.full(len(n), f.rows.layer) for n, f in zip(those, layers, strict=True)]),
        "neuron": np.concatenate(those),
        **{name: np.concatenate([part[name] for part in parts]) for name in STORED},
    }


def spaces_of(
    layers: Sequence[LayerFound], embedders: Mapping[int, Embedder], embedding: str = REFERENCE
) -> dict[str, np.ndarray]:
    """All of it in memory, for atlases that are made in one piece."""
    asked = (
        spaces_asked(found, part, embedders[found.rows.layer])
        for found in layers
        for part in range(-(-len(found.rows.maxima) // CHUNK))
    )
    return spaces_from(layers, (work_spaces(SpacesJob(embedding), each) for each in asked))


def spaces_work(config: RunConfig, rows: Sequence[CollectedLayer], features: Sequence[LayerFound]) -> Work:
    of_unit = parts_of([layer.rows for layer in features])

    def asked(unit: int) -> SpacesAsked:
        at, part = of_unit[unit]
        made = spaces_asked(features[at], part, rows[at].embedder)
        let_go(features[at].rows.x)
        return made

    def size(unit: int) -> int:
        at, part = of_unit[unit]
        return neurons_of(features[at], part)

    few = few_rows(layer.rows for layer in features)
    return Work(work_spaces, SpacesJob(config.embedding), range(len(of_unit)), 1, asked, size, few=few)


def table(features: Sequence[LayerFound], work: Work, load: Load) -> dict[str, np.ndarray]:
    return spaces_from(features, map(load, work.units))


STEP = Step("spaces", "spaces", "neurons", table, spaces_work)
