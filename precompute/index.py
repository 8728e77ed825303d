"""Stage 4: every feature as one row of a table: what it is, its key tokens, and its similar features in each space."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Int

from ne_core.schema import KEY_TOKENS, SIMILAR
from ne_core.similar import SPACES, nearest
from precompute.found import LayerFound
from precompute.key_tokens import key_tokens


class IndexingError(ValueError):
    """The features cannot be indexed together; the message says why in one line."""


def central_vectors(found: LayerFound, space: str) -> Float[np.ndarray, "n_features d_in"]:
    """The central example of each feature, as a vector of one of the spaces."""
    x = found.rows.x[found.rows.x_row[found.central_rows]].astype(np.float32, copy=False)
    if space == "pre_mlp":
        return x
    return x * found.rows.weights.W_in.T[found.features.neuron_of_feature].astype(np.float32, copy=False)


def space_vectors(layers: Sequence[LayerFound], space: str) -> Float[np.ndarray, "n_features d_in"]:
    """The central vectors of all layers, by feature id. Raises IndexingError when layers differ in width."""
    widths = sorted({found.rows.weights.d_in for found in layers})
    if len(widths) > 1:
        raise IndexingError(f"layers of different input widths ({', '.join(map(str, widths))}) cannot share an index")
    return np.concatenate([central_vectors(found, space) for found in layers])


def feature_table(
    layers: Sequence[LayerFound],
    vectors: dict[str, Float[np.ndarray, "n_features d_in"]],
    tokens: Int[np.ndarray, "n_examples n_ctx"],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, np.ndarray]:
    """The columns of schema.FEATURES; a feature's row is its id."""
    columns = concatenated([layer_columns(found, tokens) for found in layers])
    owner = neuron_numbers(columns["layer"], columns["neuron"])
    for step, space in enumerate(SPACES):
        found = nearest(vectors[space], owner, SIMILAR, part_of(progress, step, len(SPACES)))
        columns |= {f"similar_{space}": found.ids, f"cosine_{space}": found.cosines}
    return columns


def part_of(progress: Callable[[int, int], None], step: int, steps: int) -> Callable[[int, int], None]:
    """Progress of one of several equal steps, told as progress of all of them."""
    return lambda done, total: progress(step * total + done, steps * total)


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


def neuron_numbers(layer: Int[np.ndarray, " n"], neuron: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """One number for each (layer, neuron) of a table that is sorted by them."""
    starts = np.ones(len(layer), dtype=np.int64)
    starts[1:] = (np.diff(layer) != 0) | (np.diff(neuron) != 0)
    return np.cumsum(starts) - 1


def neuron_table(layers: Sequence[LayerFound]) -> dict[str, np.ndarray]:
    """The columns of schema.NEURONS."""
    names = ("n_examples", "n_features", "mean_distance", "max_distance", "intra_distance", "inter_distance")
    return concatenated(
        [
            {
                "layer": np.full(len(found.rows.maxima), found.rows.layer),
                "neuron": np.arange(len(found.rows.maxima)),
                "maximum": found.rows.maxima,
                **{name: getattr(found.features, name) for name in (*names, "largest_share")},
            }
            for found in layers
        ]
    )


def concatenated(tables: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
