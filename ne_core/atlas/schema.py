"""The contract: every file of an atlas, its dtype, shape and one line of meaning. data/README.md is made from this."""

from dataclasses import dataclass

from ne_core.method.comparison import COMPARED
from ne_core.method.naming import NAME_CONTEXT, NAME_KEYS

SCHEMA_VERSION = 5
SIMILAR = 20  # similar features kept for each feature, in each space
KEY_TOKENS = 3  # most frequent key tokens kept for each feature
LOGITS = 10  # tokens that a neuron raises most, and as many that it lowers most
HISTOGRAM_BINS = 40  # equal ones, between the lowest and the highest activation of a neuron's sample
MOST_SAMPLED = 2**15 - 1  # positions in the sample: a bin may hold all of them, as an int16


@dataclass(frozen=True)
class Array:
    """A .npy file. Dimensions are names that every file of the atlas agrees on, or whole numbers.

    Where it has `gaps`, NaN stands for what is not there. Where it is `clipped`, ±65,504, the ends of float16, stand
    for themselves and for anything beyond.
    """

    file: str
    dtype: str
    shape: tuple[str | int, ...]
    meaning: str
    gaps: bool = False
    clipped: bool = False


@dataclass(frozen=True)
class Column:
    """A column of a Parquet table; `length` is the number of values in each cell, 1 for plain columns."""

    name: str
    dtype: str
    meaning: str
    length: int = 1


EXAMPLES = (
    Array("tokens.npy", "int32", ("n_examples", "n_ctx"), "token ids of every dataset example, padded on the right"),
    Array("lengths.npy", "int32", ("n_examples",), "how many tokens of each example are real"),
)

IMAGES = Array(
    "images.npy",
    "uint8",
    ("n_examples", "height", "width"),
    "the dataset examples of an atlas of images: pixels; each is an example of one token, its label",
)

LAYER = (
    Array("offsets.npy", "int64", ("n_neurons+1",), "rows of neuron j are offsets[j]:offsets[j+1]"),
    Array("example.npy", "int32", ("n_rows",), "which dataset example, one row per activating example"),
    Array("pos.npy", "int16", ("n_rows",), "position of the key token in its example"),
    Array("activation.npy", "float16", ("n_rows",), "the neuron's activation on the key token", clipped=True),
    Array("feature.npy", "int16", ("n_rows",), "feature at the default cut, the largest being 0"),
    Array(
        "window_activations.npy",
        "float16",
        ("n_rows", "n_window"),
        "activations around the key token, NaN outside the example or where the model itself computed no number",
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
    Array("W_in.npy", "float16", ("d_in", "n_neurons"), "input weights: what each neuron looks for"),
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
        "how many sampled positions activate each neuron how much: equal bins between the ends of histogram_range",
    ),
    Array(
        "histogram_range.npy",
        "float32",
        ("n_neurons", 2),
        "its lowest and highest activation among them, in half precision",
        clipped=True,
    ),
)

LOGIT_EFFECTS = (
    Array(
        "logit_tokens.npy",
        "int32",
        ("n_neurons", 2, LOGITS),
        "tokens whose logits the neuron's activation raises most, then those it lowers most; −1 where fewer",
    ),
    Array(
        "logit_effects.npy",
        "float16",
        ("n_neurons", 2, LOGITS),
        "by how much for each unit of activation, over the mean of all tokens, up to the final norm's scale",
        gaps=True,
        clipped=True,
    ),
)

RANDOM_DIRECTIONS = (
    Array(
        "random_features.npy",
        "float32",
        ("n_directions",),
        "features of each random direction of the layer at so many examples; NaN where too few directions had as many",
        gaps=True,
    ),
    Array("random_distance.npy", "float32", ("n_directions",), "mean distance between its examples", gaps=True),
)

CONTRIBUTIONS = (
    Array(
        "contributions.npy",
        "float16",
        ("n_rows", "n_parts"),
        "what each part adds to the pre-activation on the key token, its norm's scale held fixed: token embedding, "
        "position embedding where there is one, heads by layer, MLPs by layer, biases; they sum to the pre-activation, "
        "up to the rounding of the smallest",
    ),
    Array(
        "read_head.npy",
        "int16",
        ("n_rows", "n_read"),
        "the heads that add or take most, at most 8, strongest first, numbered over layers",
    ),
    Array(
        "read_back.npy",
        "int16",
        ("n_rows", "n_read"),
        "how many tokens before the key token stands what each of them reads most from",
    ),
)

INPUTS = Array(
    "inputs/LL.npy",
    "float16",
    ("n_kept", "d_in"),
    "x of every kept (example, position) of layer LL once, by example and then position; only where `inputs` says so",
    clipped=True,
)

NEURONS = (
    Column("layer", "int16", "the model's layer"),
    Column("neuron", "int32", "number within the layer"),
    Column("maximum", "float32", "the maximum activation that the threshold was taken from"),
    Column("n_examples", "int32", "activating examples kept"),
    Column("n_features", "int32", "features at the default cut"),
    Column("mean_distance", "float32", "mean cosine distance between its examples, in the atlas's embedding"),
    Column("max_distance", "float32", "largest cosine distance between two of them"),
    Column("intra_distance", "float32", "mean distance within features"),
    Column("inter_distance", "float32", "mean distance between features"),
    Column("largest_share", "float32", "share of the examples that the largest feature holds"),
    Column("background_distance", "float32", "mean cosine distance of its examples to other inputs of the layer"),
    Column("suggested_cut", "float32", "the cut between 0 and that distance that lasts longest, NaN where none does"),
    Column("n_suggested", "int32", "features at the suggested cut, 0 where there is none"),
)

RAREFIED = (
    Column("rarefied_features", "float32", "features at the default cut, mean over random sets of so many examples"),
    Column("rarefied_low", "float32", "the lower end of its 95 % interval, NaN for a neuron with no more examples"),
    Column("rarefied_high", "float32", "and the upper end"),
    Column("distance_low", "float32", "the lower end of the 95 % interval of mean_distance"),
    Column("distance_high", "float32", "and the upper end"),
    Column("permuted_features", "float32", "as rarefied_features, the neuron's weights shuffled: mean over orders"),
    Column("permuted_low", "float32", "where 95 % of orders lie, from; NaN where the space does not read the weights"),
    Column("permuted_high", "float32", "and up to"),
    Column("permuted_distance", "float32", "as mean_distance, the neuron's weights shuffled: mean over orders"),
)

FEATURES = (
    Column("layer", "int16", "the model's layer"),
    Column("neuron", "int32", "number within the layer"),
    Column("feature", "int16", "number within the neuron, the largest being 0"),
    Column("size", "int32", "activating examples in it"),
    Column("central", "int16", "its central example, as a row of its neuron"),
    Column("mean_activation", "float32", "mean activation on its key tokens"),
    Column("intra_distance", "float32", "mean cosine distance between its examples"),
    Column("key_tokens", "int32", "its most frequent key tokens, −1 where there are fewer", KEY_TOKENS),
    Column("key_token_counts", "int32", "how many of its examples have each", KEY_TOKENS),
    Column("name_keys", "int32", "the key tokens that name it, −1 where there are fewer", NAME_KEYS),
    Column(
        "name_context",
        "int32",
        "tokens before the key token that matter and that the neuron's other features lack, −1 where fewer",
        NAME_CONTEXT,
    ),
    Column("map_x", "float32", "its place on the map of all features, across"),
    Column("map_y", "float32", "and upwards"),
    Column(
        "similar_neuron", "int32", "feature rows nearest in the space of neuron embeddings, −1 where fewer", SIMILAR
    ),
    Column("cosine_neuron", "float16", "their cosines", SIMILAR),
    Column(
        "similar_pre_mlp", "int32", "feature rows nearest in the space of pre-MLP embeddings, −1 where fewer", SIMILAR
    ),
    Column("cosine_pre_mlp", "float16", "their cosines", SIMILAR),
)

CELLS = len(COMPARED) ** 2
COMPARISONS = (
    Column("layer", "int16", "the model's layer"),
    Column("neuron", "int32", "number within the layer"),
    Column(
        "silhouette",
        "float32",
        f"mean silhouette of the clusters of {', '.join(COMPARED)}, as many as there are features, each measured in "
        "all of these spaces: first those of the first",
        CELLS,
    ),
    Column("intra", "float32", "mean cosine distance within these clusters, likewise; NaN where each is one", CELLS),
    Column("inter", "float32", "mean cosine distance between them, likewise", CELLS),
)

OTHER = (
    ("manifest.json", "what the atlas is: model, corpus, settings, versions, checksums of every file; written last"),
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
