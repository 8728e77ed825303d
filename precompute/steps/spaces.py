"""Table that compares spaces: every neuron's clusters in several spaces, each measured in all of them.

A unit of work has the neurons of a unit of features (features.py). In the space of the atlas, clusters are the atlas's
features; in another space, a tree of that space is cut into the same number of clusters.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.atlas.schema import CELLS
from ne_core.method.comparison import COMPARED, STORED, comparable, compared
from ne_core.method.embeddings import REFERENCE, Embedder, combined
from ne_core.method.trees.cluster import cut_into, similarities, tree
from precompute.config import RunConfig
from precompute.run.mapped import release_pages
from precompute.run.step import Step
from precompute.run.work import Load, Work
from precompute.steps.features import CHUNK, few_rows, parts_of
from precompute.steps.layer_features import LayerFeatures
from precompute.steps.rows import CollectedLayer


@dataclass(frozen=True)
class SpacesJob:
    """Data shared by all units: the space of the atlas's features."""

    embedding: str


@dataclass(frozen=True)
class SpacesInput:
    """Inputs and weights of comparable neurons, by space, and the feature of every row."""

    x: Mapping[str, Float[np.ndarray, "n_rows d_in"]]
    W: Mapping[str, Float[np.ndarray, "d_in n_neurons"]]
    n_examples: Int[np.ndarray, " n_neurons"]
    feature: Int[np.ndarray, " n_rows"]


def part_of(part: int) -> slice:
    return slice(part * CHUNK, (part + 1) * CHUNK)


def neurons_of(layer: LayerFeatures, part: int) -> int:
    return len(layer.rows.maxima[part_of(part)])


def compared_of(layer: LayerFeatures) -> Bool[np.ndarray, " n_neurons"]:
    return comparable(layer.features.n_examples, layer.features.n_features)


def spaces_input(layer: LayerFeatures, part: int, embedder: Embedder) -> SpacesInput:
    """Return the inputs of the layer's `part`-th unit, counted from 0."""
    rows, is_compared = layer.rows, np.zeros(len(layer.rows.maxima), dtype=bool)
    is_compared[part_of(part)] = compared_of(layer)[part_of(part)]
    rows_compared = np.flatnonzero(is_compared[rows.neuron])
    x, W = np.asarray(rows.x[rows.x_row[rows_compared]]), rows.weights.W_in[:, is_compared]
    return SpacesInput(
        {space: embedder.inputs(space, x) for space in COMPARED},
        {space: embedder.weights(space, W) for space in COMPARED},
        layer.features.n_examples[is_compared],
        layer.features.feature[rows_compared],
    )


def work_spaces(job: SpacesJob, inputs: SpacesInput) -> dict[str, np.ndarray]:
    """Return the measures of a unit, by column."""
    ends, measures = np.cumsum(inputs.n_examples), []
    for neuron, (end, n) in enumerate(zip(ends.tolist(), inputs.n_examples.tolist(), strict=True)):
        rows = slice(end - n, end)
        cosines = [
            similarities(combined(space, np.float32(inputs.x[space][rows]), np.float32(inputs.W[space][:, neuron])))
            for space in COMPARED
        ]
        measures.append(compared(cosines, clusters(job.embedding, cosines, inputs.feature[rows])))
    return {name: np.array([each[name] for each in measures], np.float32).reshape(-1, CELLS) for name in STORED}


def clusters(
    embedding: str, cosines: Sequence[Float[np.ndarray, "n n"]], feature: Int[np.ndarray, " n"]
) -> list[Int[np.ndarray, " n"]]:
    """Return the clusters of each space, as many as there are features."""
    n_features = int(feature.max()) + 1
    return [
        feature if space == embedding else cut_into(tree(space_cosines), n_features)
        for space, space_cosines in zip(COMPARED, cosines, strict=True)
    ]


def spaces_from(layers: Sequence[LayerFeatures], units: Iterable[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Join the table from the units of all layers, in order."""
    neurons = [np.flatnonzero(compared_of(layer)) for layer in layers]
    parts = list(units)
    return {
        "layer": np.concatenate([np.full(len(n), layer.rows.layer) for n, layer in zip(neurons, layers, strict=True)]),
        "neuron": np.concatenate(neurons),
        **{name: np.concatenate([part[name] for part in parts]) for name in STORED},
    }


def spaces_of(
    layers: Sequence[LayerFeatures], embedders: Mapping[int, Embedder], embedding: str = REFERENCE
) -> dict[str, np.ndarray]:
    """Compute the table in memory."""
    inputs = (
        spaces_input(layer, part, embedders[layer.rows.layer])
        for layer in layers
        for part in range(-(-len(layer.rows.maxima) // CHUNK))
    )
    return spaces_from(layers, (work_spaces(SpacesJob(embedding), unit) for unit in inputs))


def spaces_work(config: RunConfig, rows: Sequence[CollectedLayer], features: Sequence[LayerFeatures]) -> Work:
    of_unit = parts_of([layer.rows for layer in features])

    def payload(unit: int) -> SpacesInput:
        layer_index, part = of_unit[unit]
        result = spaces_input(features[layer_index], part, rows[layer_index].embedder)
        release_pages(features[layer_index].rows.x)
        return result

    def size(unit: int) -> int:
        layer_index, part = of_unit[unit]
        return neurons_of(features[layer_index], part)

    few = few_rows(layer.rows for layer in features)
    return Work(work_spaces, SpacesJob(config.embedding), range(len(of_unit)), 1, payload, size, few=few)


def table(features: Sequence[LayerFeatures], work: Work, load: Load) -> dict[str, np.ndarray]:
    return spaces_from(features, map(load, work.units))


STEP = Step("spaces", "spaces", "neurons", table, spaces_work)
