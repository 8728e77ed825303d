"""Stage 4: every feature as one row of a table: what it is, its key tokens, and its similar features in each space.

Similar features are searched in units of work, one block of features against all, in one space. Memory: the unit
vectors of a space are 4 bytes × n_features × d_in (460 MB at 150,000 × 768). They are gathered layer by layer, reading
the central rows of x only, into memory or into a `.npy` that all workers of a machine map and thereby share.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas.schema import KEY_TOKENS, NEURONS, SIMILAR
from ne_core.method.cluster import unit
from ne_core.method.similar import SPACES, blocks, joined_blocks, unit_nearest
from precompute.run.progress import OnProgress, silent
from precompute.steps.key_tokens import key_tokens
from precompute.steps.layer_features import LayerFound


class IndexingError(ValueError):
    """The features cannot be indexed together; the message says why in one line."""


def central_vectors(found: LayerFound, space: str) -> Float[np.ndarray, "n_features d_in"]:
    """The central example of each feature, as a vector of one of the spaces."""
    x = np.asarray(found.rows.x[found.rows.x_row[found.central_rows]]).astype(np.float32, copy=False)
    if space == "pre_mlp":
        return x
    return x * found.rows.weights.W_in.T[found.features.neuron_of_feature].astype(np.float32, copy=False)


def space_shape(layers: Sequence[LayerFound]) -> tuple[int, int]:
    """Features of all layers, and their width. Raises IndexingError when layers differ in width."""
    widths = sorted({found.rows.weights.d_in for found in layers})
    if len(widths) > 1:
        raise IndexingError(f"layers of different input widths ({', '.join(map(str, widths))}) cannot share an index")
    return sum(found.n_features for found in layers), widths[0]


def space_vectors(
    layers: Sequence[LayerFound], space: str, into: Float[np.ndarray, "n_features d_in"] | None = None
) -> Float[np.ndarray, "n_features d_in"]:
    """The central vectors of all layers at unit length, by feature id, written into `into` where it is given."""
    vectors = np.empty(space_shape(layers), dtype=np.float32) if into is None else into
    first = 0
    for found in layers:
        vectors[first : first + found.n_features] = unit(central_vectors(found, space))
        first += found.n_features
    return vectors


def owners(layers: Sequence[LayerFound]) -> Int[np.ndarray, " n_features"]:
    """The neuron of each feature, all layers' neurons numbered in a row."""
    ends = np.cumsum([0, *(len(found.rows.maxima) for found in layers)])
    numbers = [first + found.features.neuron_of_feature for first, found in zip(ends, layers, strict=False)]
    return np.concatenate(numbers).astype(np.int32)


@dataclass(frozen=True)
class Indexed:
    """All layers' features by id: the columns of schema.FEATURES, and their central vectors in each space.

    The vectors need not have length 1. Each space's are asked for once and read in blocks: a mapping that computes
    them when asked, or holds memory maps, keeps them out of memory.
    """

    features: Mapping[str, np.ndarray]
    vectors: Mapping[str, Float[np.ndarray, "n_features d_in"]]


@dataclass(frozen=True)
class SimilarJob:
    """What all units share: by space, unit vectors of all features or the `.npy` that holds them; the neuron of each.

    `k` similar features are wanted. Unit u is block u % n_blocks of space u // n_blocks.
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


def work_similar(job: SimilarJob, number: int) -> dict[str, np.ndarray]:
    """One unit: `ids` int32 and `cosines` float32 of the features of a block, [rows k]."""
    step, block = divmod(number, job.n_blocks)
    vectors = list(job.vectors.values())[step]
    units = np.load(vectors, mmap_mode="r") if isinstance(vectors, Path) else vectors
    return unit_nearest(units, job.owner, job.k, blocks(len(job.owner))[block])


def similar_from(job: SimilarJob, load: Callable[[int], Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The columns of similar features from the units, which may have been done in any order."""
    columns = {}
    for step, space in enumerate(job.vectors):
        found = joined_blocks([load(step * job.n_blocks + block) for block in range(job.n_blocks)], job.k)
        columns |= {f"similar_{space}": found.ids, f"cosine_{space}": found.cosines}
    return columns


def feature_table(
    layers: Sequence[LayerFound],
    vectors: Mapping[str, Float[np.ndarray, "n_features d_in"]],
    tokens: Int[np.ndarray, "n_examples n_ctx"],
    progress: OnProgress = silent,
) -> dict[str, np.ndarray]:
    """All of it in memory: the columns of schema.FEATURES but for names and places; a feature's row is its id."""
    job = SimilarJob({space: vectors[space] for space in SPACES}, owners(layers))
    units = {}
    for number in range(job.n_units):
        units[number] = work_similar(job, number)
        progress(number + 1, job.n_units)
    return feature_columns(layers, tokens) | similar_from(job, units.__getitem__)


def feature_columns(layers: Sequence[LayerFound], tokens: Int[np.ndarray, "n_examples n_ctx"]) -> dict[str, np.ndarray]:
    """The columns of schema.FEATURES that its rows alone tell."""
    return concatenated([layer_columns(found, tokens) for found in layers])


def layer_columns(found: LayerFound, tokens: Int[np.ndarray, "n_examples n_ctx"]) -> dict[str, np.ndarray]:
    rows, features, of_row = found.rows, found.features, found.feature_of_row
    keys = key_tokens(of_row, tokens[rows.example, rows.pos], len(features.size))
    neuron = features.neuron_of_feature
    return {
        "layer": np.full(len(neuron), rows.layer),
        "neuron": neuron,
        "feature": np.arange(len(neuron)) - found.first_feature[neuron],
        "size": features.size,
        "central": features.central,
        "mean_activation": np.bincount(of_row, rows.activation, len(neuron)) / np.maximum(features.size, 1),
        "intra_distance": features.feature_distance,
        "key_tokens": keys.most_frequent(KEY_TOKENS),
        "key_token_counts": keys.most_frequent_counts(KEY_TOKENS),
    }


def neuron_table(layers: Sequence[LayerFound]) -> dict[str, np.ndarray]:
    """The columns of schema.NEURONS."""
    names = [column.name for column in NEURONS if column.name not in ("layer", "neuron", "maximum")]
    return concatenated(
        [
            {
                "layer": np.full(len(found.rows.maxima), found.rows.layer),
                "neuron": np.arange(len(found.rows.maxima)),
                "maximum": found.rows.maxima,
                **{name: getattr(found.features, name) for name in names},
            }
            for found in layers
        ]
    )


def concatenated(tables: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
