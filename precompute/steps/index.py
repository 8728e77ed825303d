"""Step 4: table of all features, one row each, with key tokens and similar features in each space.

Similar features are searched in units of work, one block of features against all, in one space. Memory: the unit
vectors of a space are 4 bytes × n_features × d_in (460 MB at 150,000 × 768). They are collected layer by layer, reading
only the central rows of x, in memory or in a `.npy` that all workers of a machine map and share.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas.schema import KEY_TOKENS, NEURONS, SIMILAR
from ne_core.method.alignment import Aligner
from ne_core.method.similar import blocks, joined_blocks, unit_nearest
from ne_core.method.trees.cluster import unit
from precompute.run.progress import OnProgress, silent
from precompute.steps.key_tokens import key_tokens
from precompute.steps.layer_features import LayerFeatures

NOT_ALIGNED: Mapping[int, Aligner] = {}


class IndexingError(ValueError):
    """Features that cannot be indexed together; the message says why in one line."""


def central_vectors(
    layer: LayerFeatures, space: str, aligner: Aligner | None = None
) -> Float[np.ndarray, "n_features d_in"]:
    """Return the central example of each feature, as a vector of one of the spaces; `aligned` needs the `aligner`."""
    x = np.asarray(layer.rows.x[layer.rows.x_row[layer.central_rows]]).astype(np.float32, copy=False)
    if space == "aligned":
        return aligner(x)
    if space == "pre_mlp":
        return x
    return x * layer.rows.weights.W_in.T[layer.features.neuron_of_feature].astype(np.float32, copy=False)


def space_shape(layers: Sequence[LayerFeatures]) -> tuple[int, int]:
    """Return the number of features of all layers, and their width. Raises IndexingError if layers differ in width."""
    widths = sorted({layer.rows.weights.d_in for layer in layers})
    if len(widths) > 1:
        raise IndexingError(f"layers of different input widths ({', '.join(map(str, widths))}) cannot share an index")
    return sum(layer.n_features for layer in layers), widths[0]


def space_vectors(
    layers: Sequence[LayerFeatures],
    space: str,
    out: Float[np.ndarray, "n_features d_in"] | None = None,
    aligners: Mapping[int, Aligner] = NOT_ALIGNED,
) -> Float[np.ndarray, "n_features d_in"]:
    """Return the central vectors of all layers at unit length, by feature id, written to `out` if not None.

    `aligners` are by layer, for the space `aligned`.
    """
    vectors = np.empty(space_shape(layers), dtype=np.float32) if out is None else out
    first = 0
    for layer in layers:
        units = unit(central_vectors(layer, space, aligners.get(layer.rows.layer)))
        vectors[first : first + layer.n_features] = units
        first += layer.n_features
    return vectors


def owners(layers: Sequence[LayerFeatures]) -> Int[np.ndarray, " n_features"]:
    """Return the neuron of each feature, numbered through all layers."""
    ends = np.cumsum([0, *(len(layer.rows.maxima) for layer in layers)])
    numbers = [first + layer.features.neuron_of_feature for first, layer in zip(ends, layers, strict=False)]
    return np.concatenate(numbers).astype(np.int32)


@dataclass(frozen=True)
class Indexed:
    """Features of all layers by id: the columns of schema.FEATURES, and their central vectors in each space.

    The vectors need not have length 1. Each space is accessed once and read in blocks, so that a mapping that computes
    its values on access, or holds memory maps, keeps them out of memory.
    """

    features: Mapping[str, np.ndarray]
    vectors: Mapping[str, Float[np.ndarray, "n_features d_in"]]


@dataclass(frozen=True)
class SimilarJob:
    """Data shared by all units: by space, unit vectors of all features or their `.npy`; the neuron of each feature.

    `k` similar features are searched. Unit u is block u % n_blocks of space u // n_blocks.
    """

    vectors: Mapping[str, np.ndarray | Path]
    owner: Int[np.ndarray, " n_features"]
    k: int = SIMILAR

    @property
    def n_blocks(self) -> int:
        return len(blocks(len(self.owner)))

    @property
    def n_units(self) -> int:
        return len(self.vectors) * self.n_blocks


def work_similar(job: SimilarJob, unit_number: int) -> dict[str, np.ndarray]:
    """Compute one unit: `ids` int32 and `cosines` float32 of the features of a block, [rows k]."""
    space_index, block = divmod(unit_number, job.n_blocks)
    vectors = list(job.vectors.values())[space_index]
    units = np.load(vectors, mmap_mode="r") if isinstance(vectors, Path) else vectors
    return unit_nearest(units, job.owner, job.k, blocks(len(job.owner))[block])


def similar_from(job: SimilarJob, load: Callable[[int], Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Join the columns of similar features from the units, computed in any order."""
    columns = {}
    for space_index, space in enumerate(job.vectors):
        similar = joined_blocks([load(space_index * job.n_blocks + block) for block in range(job.n_blocks)], job.k)
        columns |= {f"similar_{space}": similar.ids, f"cosine_{space}": similar.cosines}
    return columns


def feature_table(
    layers: Sequence[LayerFeatures],
    vectors: Mapping[str, Float[np.ndarray, "n_features d_in"]],
    tokens: Int[np.ndarray, "n_examples n_ctx"],
    on_progress: OnProgress = silent,
) -> dict[str, np.ndarray]:
    """Compute the columns of schema.FEATURES in memory, except names and positions on the map; row = feature id."""
    job = SimilarJob(vectors, owners(layers))
    units = {}
    for number in range(job.n_units):
        units[number] = work_similar(job, number)
        on_progress(number + 1, job.n_units)
    return feature_columns(layers, tokens) | similar_from(job, units.__getitem__)


def feature_columns(
    layers: Sequence[LayerFeatures], tokens: Int[np.ndarray, "n_examples n_ctx"]
) -> dict[str, np.ndarray]:
    """Return the columns of schema.FEATURES that depend only on the layers' rows and features."""
    return concatenated([layer_columns(layer, tokens) for layer in layers])


def layer_columns(layer: LayerFeatures, tokens: Int[np.ndarray, "n_examples n_ctx"]) -> dict[str, np.ndarray]:
    rows, features, of_row = layer.rows, layer.features, layer.feature_of_row
    tokens_by_frequency = key_tokens(of_row, tokens[rows.example, rows.pos], len(features.size))
    neuron = features.neuron_of_feature
    return {
        "layer": np.full(len(neuron), rows.layer),
        "neuron": neuron,
        "feature": np.arange(len(neuron)) - layer.first_feature[neuron],
        "size": features.size,
        "central": features.central,
        "mean_activation": np.bincount(of_row, rows.activation, len(neuron)) / np.maximum(features.size, 1),
        "intra_distance": features.feature_distance,
        "key_tokens": tokens_by_frequency.most_frequent(KEY_TOKENS),
        "key_token_counts": tokens_by_frequency.most_frequent_counts(KEY_TOKENS),
    }


def neuron_table(layers: Sequence[LayerFeatures]) -> dict[str, np.ndarray]:
    """Return the columns of schema.NEURONS."""
    names = [column.name for column in NEURONS if column.name not in ("layer", "neuron", "maximum")]
    return concatenated(
        [
            {
                "layer": np.full(len(layer.rows.maxima), layer.rows.layer),
                "neuron": np.arange(len(layer.rows.maxima)),
                "maximum": layer.rows.maxima,
                **{name: getattr(layer.features, name) for name in names},
            }
            for layer in layers
        ]
    )


def concatenated(tables: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
