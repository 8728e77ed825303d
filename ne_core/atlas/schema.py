"""Schema: every file of an atlas with its dtype, shape and meaning. data/README.md is generated from it."""

from collections.abc import Iterable
from dataclasses import dataclass

from ne_core.method.comparison import COMPARED
from ne_core.method.naming import NAME_CONTEXT, NAME_KEYS
from ne_core.method.similar import SPACES

SCHEMA_VERSION = 5
SIMILAR = 20  # similar features stored for each feature, in each space
KEY_TOKENS = 3  # most frequent key tokens stored for each feature
LOGITS = 10  # most raised tokens stored for each neuron, and as many most lowered ones
HISTOGRAM_BINS = 40  # equal bins between the lowest and the highest activation of a neuron in the sample
MOST_SAMPLED = 2**15 - 1  # maximum positions in the sample: one bin may hold all of them, as int16


@dataclass(frozen=True)
class Array:
    """Declaration of a .npy file. Dimensions are whole numbers, or names with the same value in all files of the atlas.

    With `gaps`, NaN marks missing values. If `clipped`, ±65,504, the limits of float16, also stand for numbers beyond.
    """

    file: str
    dtype: str
    shape: tuple[str | int, ...]
    meaning: str
    gaps: bool = False
    clipped: bool = False


@dataclass(frozen=True)
class Column:
    """Declaration of a Parquet column; `length` is the number of values in each cell, 1 for plain columns."""

    name: str
    dtype: str
    meaning: str
    length: int = 1


EXAMPLES = (
    Array("tokens.npy", "int32", ("n_examples", "n_ctx"), "token ids of every dataset example, padded on the right"),
    Array("lengths.npy", "int32", ("n_examples",), "number of tokens of each example, without padding"),
)

IMAGES = Array(
    "images.npy",
    "uint8",
    ("n_examples", "height", "width"),
    "the dataset examples of an atlas of images: pixels; each is an example of one token, its label",
)

LAYER = (
    Array("offsets.npy", "int64", ("n_neurons+1",), "rows of neuron j are offsets[j]:offsets[j+1]"),
    Array("example.npy", "int32", ("n_rows",), "index of the dataset example, one row per activating example"),
    Array("pos.npy", "int16", ("n_rows",), "position of the key token in its example"),
    Array("activation.npy", "float16", ("n_rows",), "the neuron's activation on the key token", clipped=True),
    Array("feature.npy", "int16", ("n_rows",), "feature at the default cut, 0 is the largest"),
    Array(
        "window_activations.npy",
        "float16",
        ("n_rows", "n_window"),
        "activations around the key token, NaN outside the example or where the model computed NaN",
        gaps=True,
        clipped=True,
    ),
    Array(
        "window_importances.npy",
        "float16",
        ("n_rows", "n_baselines", "n_back"),
        "share of the activation lost when a token is masked, NaN where not computed",
        gaps=True,
        clipped=True,
    ),
    Array(
        "center_distance.npy",
        "float16",
        ("n_rows",),
        "cosine distance of the example to the mean direction of its feature, in the atlas's embedding",
    ),
    Array("trees.npy", "float32", ("n_merges", 4), "scipy linkage of each neuron's examples, n_j − 1 rows for each"),
    Array("merge_central.npy", "int16", ("n_merges",), "central example of every branch point, as a row of its neuron"),
    Array("W_in.npy", "float16", ("d_in", "n_neurons"), "input weights"),
    Array("b_in.npy", "float32", ("n_neurons",), "input biases"),
    Array("input_mean.npy", "float32", ("d_in",), "mean of x over the sampled positions"),
    Array(
        "input_covariance.npy",
        "float32",
        ("n_pairs",),
        "covariance of x over the sampled positions: its lower triangle, row by row",
    ),
    Array(
        "histogram.npy",
        "int16",
        ("n_neurons", HISTOGRAM_BINS),
        "histogram of each neuron's activations at the sampled positions: equal bins over histogram_range",
    ),
    Array(
        "histogram_range.npy",
        "float32",
        ("n_neurons", 2),
        "lowest and highest activation of each neuron at the sampled positions, in half precision",
        clipped=True,
    ),
)

OTHER_TREES = (
    Array("other_trees.npy", "float32", ("n_merges", 4), "scipy linkage of the same examples, as trees.npy"),
    Array("other_merge_central.npy", "int16", ("n_merges",), "central example of every branch point of these trees"),
    Array(
        "other_center_distance.npy",
        "float16",
        ("n_rows",),
        "cosine distance of the example to the mean direction of its feature at the cut of `other_trees`",
    ),
    Array(
        "other_suggested_cut.npy",
        "float32",
        ("n_neurons",),
        "suggested cut of each neuron's tree, NaN if there is none",
        gaps=True,
    ),
)

LOGIT_EFFECTS = (
    Array(
        "logit_tokens.npy",
        "int32",
        ("n_neurons", 2, LOGITS),
        "tokens whose logits the neuron's activation raises most, then those it lowers most, padded with −1",
    ),
    Array(
        "logit_effects.npy",
        "float16",
        ("n_neurons", 2, LOGITS),
        "change of their logits per unit of activation, minus the mean over all tokens, up to the final norm's scale",
        gaps=True,
        clipped=True,
    ),
)

RANDOM_DIRECTIONS = (
    Array(
        "random_features.npy",
        "float32",
        ("n_directions",),
        "features of each random direction at equal numbers of examples; NaN if too few directions had as many",
        gaps=True,
    ),
    Array("random_distance.npy", "float32", ("n_directions",), "mean distance between the examples of each", gaps=True),
)

CONTRIBUTIONS = (
    Array(
        "contributions.npy",
        "float16",
        ("n_rows", "n_parts"),
        "what each part adds to the pre-activation on the key token, its norm's scale held fixed: token embedding, "
        "position embedding if there is one, heads by layer, MLPs by layer, biases; they sum to the pre-activation, "
        "up to rounding",
    ),
    Array(
        "read_head.npy",
        "int16",
        ("n_rows", "n_read"),
        "heads with the largest contributions by size, at most 8, strongest first, numbered over layers",
    ),
    Array(
        "read_back.npy",
        "int16",
        ("n_rows", "n_read"),
        "distance in tokens from the key token back to the token that each of them reads most from",
    ),
)

INPUTS = Array(
    "inputs/LL.npy",
    "float16",
    ("n_kept", "d_in"),
    "x of every stored (example, position) of layer LL once, by example and then position; only if `inputs` is true",
    clipped=True,
)

DENSITY = Array(
    "density.npy",
    "int64",
    ("n_features",),
    "tokens of the atlas's own texts at which each feature fires, a row of features.parquet each",
)

NEURONS = (
    Column("layer", "int16", "the model's layer"),
    Column("neuron", "int32", "number within the layer"),
    Column("maximum", "float32", "maximum activation, from which the threshold is computed"),
    Column("n_examples", "int32", "activating examples stored"),
    Column("n_features", "int32", "features at the default cut"),
    Column("mean_distance", "float32", "mean cosine distance between its examples, in the atlas's embedding"),
    Column("max_distance", "float32", "largest cosine distance between two of its examples"),
    Column("intra_distance", "float32", "mean distance within features"),
    Column("inter_distance", "float32", "mean distance between features"),
    Column("largest_share", "float32", "share of the examples that the largest feature holds"),
    Column("background_distance", "float32", "mean cosine distance of its examples to other inputs of the layer"),
    Column("suggested_cut", "float32", "clear cut of the tree, NaN if there is none"),
    Column("n_suggested", "int32", "features at the suggested cut, 0 if there is none"),
)

EQUAL_N = (
    Column("rarefied_features", "float32", "features at the default cut, mean over random sets of n examples"),
    Column("rarefied_low", "float32", "lower end of its 95 % interval, NaN for a neuron with exactly n examples"),
    Column("rarefied_high", "float32", "upper end"),
    Column("distance_low", "float32", "lower end of the 95 % interval of mean_distance"),
    Column("distance_high", "float32", "upper end"),
    Column("permuted_features", "float32", "rarefied_features with the neuron's weights shuffled, mean over orders"),
    Column("permuted_low", "float32", "lower end of the 95 % range over orders; NaN if the space ignores the weights"),
    Column("permuted_high", "float32", "upper end"),
    Column("permuted_distance", "float32", "mean_distance with the neuron's weights shuffled, mean over orders"),
)

FEATURES = (
    Column("layer", "int16", "the model's layer"),
    Column("neuron", "int32", "number within the layer"),
    Column("feature", "int16", "number within the neuron, 0 is the largest"),
    Column("size", "int32", "activating examples in it"),
    Column("central", "int16", "its central example, as a row of its neuron"),
    Column("mean_activation", "float32", "mean activation on its key tokens"),
    Column("intra_distance", "float32", "mean cosine distance between its examples"),
    Column("key_tokens", "int32", "its most frequent key tokens, padded with −1", KEY_TOKENS),
    Column("key_token_counts", "int32", "number of its examples with each", KEY_TOKENS),
    Column("name_keys", "int32", "key terms of its name, padded with −1", NAME_KEYS),
    Column(
        "name_context",
        "int32",
        "context terms of its name, tokens before the key token, padded with −1",
        NAME_CONTEXT,
    ),
    Column("map_x", "float32", "horizontal coordinate on the map of all features"),
    Column("map_y", "float32", "vertical coordinate, upwards"),
)


def similar_columns(spaces: Iterable[str]) -> tuple[Column, ...]:
    """Columns of the features similar to each, in every one of the spaces."""
    return tuple(column for space in spaces for column in similar_in(space))


def similar_in(space: str) -> tuple[Column, Column]:
    """Columns of the features similar to each in one space, and of their cosines."""
    nearest = f"feature rows nearest in the space `{space}`, {SPACES[space]}, padded with −1"
    return (
        Column(f"similar_{space}", "int32", nearest, SIMILAR),
        Column(f"cosine_{space}", "float16", "their cosines", SIMILAR),
    )


SIMILAR_FEATURES = similar_columns(SPACES)

CELLS = len(COMPARED) ** 2
COMPARISONS = (
    Column("layer", "int16", "the model's layer"),
    Column("neuron", "int32", "number within the layer"),
    Column(
        "silhouette",
        "float32",
        f"mean silhouette of the clusters of {', '.join(COMPARED)}, as many as there are features, each measured in "
        "all of these spaces, ordered by clusters, then by space",
        CELLS,
    ),
    Column(
        "intra", "float32", "mean cosine distance within these clusters, same order; NaN if each has one example", CELLS
    ),
    Column("inter", "float32", "mean cosine distance between these clusters, same order", CELLS),
)

OTHER = (
    (
        "manifest.json",
        "description of the atlas: model, corpus, settings, versions, checksums of every file; written last",
    ),
    ("vocab.json", "the text of every token id, as a list"),
    ("neurons.parquet", "one row per neuron, dead ones included"),
    ("features.parquet", "one row per feature; its row number is its id everywhere else"),
    (
        "features_<space>.faiss",
        "flat 8-bit faiss index over the unit central vectors, inner product, one per space",
    ),
    (
        "search.sqlite",
        "words of each feature's name, key tokens and snippets (FTS5, contentless), and its key tokens by id",
    ),
)
