"""An atlas as pandas DataFrames, for notebooks and for files.

Numbers count from 0. Text is the tokenizer's, unescaped (`token_text.visible` makes it readable); a lone surrogate,
which no file can store, becomes U+FFFD. Floats are the shortest decimals that name the stored numbers. Columns are
int64, float64, bool or str only, so that every format of `table_files` restores them unchanged.
"""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float, Int, Shaped

from ne_core.atlas import Atlas, Neuron
from ne_core.atlas.opening import neuron_columns
from ne_core.atlas.schema import FEATURES, KEY_TOKENS
from ne_core.export.feature_text import cluster_names, feature_name
from ne_core.export.stable_ids import stable_ids
from ne_core.method.classes import CLASSES
from ne_core.method.measures import distances_of
from ne_core.queries.in_embedding import neuron_in
from ne_core.queries.layer_pairs import LayerPairs
from ne_core.queries.ranking import QUANTILES, ranking
from ne_core.queries.sources import central_sources, source_names
from ne_core.refs import FeatureRef, NeuronRef

TEXT = {
    "class",
    "name",
    "comparable",
    "space",
    "key_token",
    "source",
    "stable_id",
    "before",
    "after",
    "token",
    *(f"key_token_{i}" for i in range(KEY_TOKENS)),
}

SURROGATE = re.compile("[\ud800-\udfff]")


def neurons_frame(atlas: Atlas, rows: Sequence[int] | Int[np.ndarray, " n"] | None = None) -> pd.DataFrame:
    """Return every neuron with its measures and class; `rows` of the neuron table select and order some."""
    rows = slice(None) if rows is None else np.asarray(rows, dtype=np.int64)
    columns = {column.name: plain(atlas.neurons[column.name][rows]) for column in neuron_columns(atlas.manifest)}
    classes = ranking(atlas).columns["class"][rows]
    return pd.DataFrame(columns).assign(**{"class": texts([CLASSES[number] for number in classes.tolist()])})


def features_frame(atlas: Atlas, ids: Sequence[int] | Int[np.ndarray, " n"] | None = None) -> pd.DataFrame:
    """Return every feature at the atlas's cut, with its name and key tokens; `ids` select and order some.

    `source` is that of its central example, where the atlas has sources; `stable_id` as in stable_ids.py.
    """
    ids = np.arange(len(atlas.features["layer"])) if ids is None else np.asarray(ids, dtype=np.int64)
    columns = {c.name: plain(atlas.features[c.name][ids]) for c in FEATURES if c.length == 1}
    keys, counts = (atlas.features[name][ids] for name in ("key_tokens", "key_token_counts"))
    for i in range(KEY_TOKENS):
        columns[f"key_token_{i}"] = texts([atlas.vocab[id] if id >= 0 else "" for id in keys[:, i].tolist()])
        columns[f"key_token_{i}_examples"] = plain(np.where(keys[:, i] >= 0, counts[:, i], 0))
    names = texts([feature_name(atlas, id) for id in ids.tolist()])
    last = {"stable_id": texts(stable_ids(atlas, ids)), **source_column(central_sources(atlas, ids))}
    return pd.DataFrame({"id": plain(ids), "name": names, **columns, **last})


def layers_frame(atlas: Atlas) -> pd.DataFrame:
    """Return each layer: its neurons, those of each class, and quantiles over those with examples (NaN without any)."""
    overview, table = ranking(atlas), atlas.neurons
    of_layer = [table["layer"] == layer for layer in atlas.layers]
    columns = {
        "layer": np.array(atlas.layers),
        "neurons": np.array([in_layer.sum() for in_layer in of_layer]),
        "living": np.array([(table["n_examples"][in_layer] > 0).sum() for in_layer in of_layer]),
        "features": np.array([table["n_features"][in_layer].sum() for in_layer in of_layer]),
        "examples": np.array([table["n_examples"][in_layer].sum() for in_layer in of_layer]),
    }
    for i, kind in enumerate(CLASSES):
        columns[f"class_{kind}"] = overview.class_counts[:, i]
    for name in ("n_features", "mean_distance"):
        for share, values in zip(QUANTILES, overview.quantiles(name).T, strict=True):
            columns[f"{name}_{share:.0%}"] = values
    return pd.DataFrame({name: plain(values) for name, values in columns.items()})


def cut_frame(atlas: Atlas, ref: NeuronRef, cut: float | None = None, embedding: str | None = None) -> pd.DataFrame:
    """Return one neuron's features at any cut, largest first, with the row of each central example.

    `embedding` as in `examples_frame`.
    """
    neuron = neuron_in(atlas, ref, embedding or atlas.manifest.embedding)
    cut = neuron.default_cut if cut is None else cut
    features, centres = neuron.features(cut), neuron.central(cut)
    rows = [np.flatnonzero(features == feature) for feature in range(len(centres))]
    columns = {
        "layer": np.full(len(rows), ref.layer),
        "neuron": np.full(len(rows), ref.neuron),
        "feature": np.arange(len(rows)),
        "name": texts(cluster_names(atlas, neuron, features)),
        "size": np.array([len(members) for members in rows], dtype=np.int64),
        "mean_activation": np.array([neuron.activation[members].astype(np.float64).mean() for members in rows]),
        "intra_distance": distances_of(neuron.tree, features, cut) if len(rows) else np.zeros(0),
        "central": plain(centres),
    }
    return pd.DataFrame(columns)


def histogram_frame(atlas: Atlas, ref: NeuronRef) -> pd.DataFrame:
    """Return the number of the atlas's sampled positions with an activation from `low` up to `high`."""
    histogram = atlas.histogram(ref)
    return pd.DataFrame(
        {"low": histogram.edges[:-1], "high": histogram.edges[1:], "positions": plain(histogram.counts)}
    )


def examples_frame(
    atlas: Atlas, ref: NeuronRef | FeatureRef, cut: float | None = None, embedding: str | None = None
) -> pd.DataFrame:
    """Return a neuron's activating examples, or those of one feature, at the atlas's cut or at another.

    `row` is the example's number within its neuron, `before` and `after` the text around the key token, `source` the
    document that it is in, where the atlas has sources. `embedding` is that of the tree, by default the atlas's, such
    as `neuron`; others are computed from the inputs. Raises KeyError for a neuron that the atlas lacks, or a feature
    that does not exist at the cut, AtlasError for an embedding that cannot be computed.
    """
    neuron, feature = cut_neuron(atlas, ref, cut, embedding)
    rows = rows_of(ref, feature)
    keys, windows, key = atlas.tokens, atlas.window_tokens(neuron, rows), atlas.manifest.window.key
    central = np.isin(rows, neuron.central(neuron.default_cut if cut is None else cut))
    columns = {
        **position_columns(neuron, feature, rows),
        "central": central,
        "activation": plain(neuron.activation[rows]),
        **distance_columns(neuron, rows, cut),
        "key_token": texts(atlas.text(keys[neuron.example[rows], neuron.pos[rows]])),
        "before": joined_texts(atlas, windows[:, :key]),
        "after": joined_texts(atlas, windows[:, key + 1 :]),
        **source_column(source_names(atlas, neuron, rows)),
    }
    return pd.DataFrame(columns)


def tokens_frame(
    atlas: Atlas, ref: NeuronRef | FeatureRef, cut: float | None = None, embedding: str | None = None
) -> pd.DataFrame:
    """Return the same examples token by token: activation, and importance by each mask baseline, NaN if not computed.

    `offset` counts from the key token, which is 0; tokens before it are negative.
    """
    neuron, feature = cut_neuron(atlas, ref, cut, embedding)
    rows = rows_of(ref, feature)
    tokens, window = atlas.window_tokens(neuron, rows), atlas.manifest.window
    inside = tokens >= 0
    example, column = np.nonzero(inside)
    importances = np.full((len(rows), len(atlas.manifest.baselines), window.size), np.nan)
    importances[:, :, : window.back] = shortest(neuron.window_importances[rows])
    columns = {
        **position_columns(neuron, feature, rows[example]),
        "offset": column - window.key,
        "token": texts(atlas.text(tokens[inside])),
        "activation": plain(neuron.window_activations[rows][inside]),
    }
    by_baseline = {
        f"importance_{name}": importances[example, b, column] for b, name in enumerate(atlas.manifest.baselines)
    }
    return pd.DataFrame(columns | by_baseline)


def similar_frame(atlas: Atlas, ref: FeatureRef, space: str | None = None) -> pd.DataFrame:
    """Return the features similar to one at the atlas's cut, best first, in a space (by default the atlas's own).

    `of_…` columns name the feature that was queried; `comparable` says how far cosines between the two layers can be
    compared. Raises KeyError for a space that the atlas lacks.
    """
    space = space or atlas.manifest.default_space
    if space not in atlas.manifest.spaces:
        raise KeyError(f"space {space}: this atlas has {', '.join(atlas.manifest.spaces)}")
    similar = atlas.similar(ref, space)
    ids = np.array([atlas.feature_id(other) for other, _ in similar], dtype=np.int64)
    return like_frame(atlas, ref, space, ids, np.array([cosine for _, cosine in similar], dtype=np.float16))


def like_frame(
    atlas: Atlas, ref: FeatureRef, space: str, ids: Int[np.ndarray, " n"], cosines: Float[np.ndarray, " n"]
) -> pd.DataFrame:
    """Return features with their cosine to one feature, in the order given; columns as in `similar_frame`."""
    frame, verdicts = features_frame(atlas, ids), LayerPairs(atlas, space).verdicts(ref.layer)
    frame.insert(0, "rank", np.arange(len(ids)))
    frame.insert(1, "cosine", plain(cosines))
    frame["comparable"] = texts([verdicts[layer].value for layer in atlas.features["layer"][ids].tolist()])
    query = {"of_layer": ref.layer, "of_neuron": ref.neuron, "of_feature": ref.feature}
    frame = frame.assign(**{name: np.full(len(ids), number) for name, number in query.items()})
    frame["of_cut"] = np.full(len(ids), atlas.manifest.default_cut)
    frame["space"] = texts([space] * len(ids))
    return frame


def cut_neuron(
    atlas: Atlas, ref: NeuronRef | FeatureRef, cut: float | None, embedding: str | None = None
) -> tuple[Neuron, Int[np.ndarray, " n"]]:
    """Return a neuron in an embedding, and the feature of each of its examples."""
    of = ref.of if isinstance(ref, FeatureRef) else ref
    neuron = neuron_in(atlas, of, embedding or atlas.manifest.embedding)
    feature = neuron.feature if cut is None else neuron.features(cut)
    if isinstance(ref, FeatureRef) and ref.feature not in feature:
        cut_text = "its default cut" if cut is None else f"cut {cut:g}"
        raise KeyError(f"this atlas has no feature {ref} at {cut_text}")
    return neuron, feature


def rows_of(ref: NeuronRef | FeatureRef, feature: Int[np.ndarray, " n"]) -> Int[np.ndarray, " k"]:
    """The rows of a feature, or all rows of a neuron."""
    return np.flatnonzero(feature == ref.feature) if isinstance(ref, FeatureRef) else np.arange(len(feature))


def position_columns(
    neuron: Neuron, feature: Int[np.ndarray, " n"], rows: Int[np.ndarray, " k"]
) -> dict[str, np.ndarray]:
    """Return the columns that say which rows these are."""
    constant = {"layer": neuron.ref.layer, "neuron": neuron.ref.neuron}
    return {
        **{name: np.full(len(rows), value, dtype=np.int64) for name, value in constant.items()},
        "feature": plain(feature[rows]),
        "row": plain(rows),
        "example": plain(neuron.example[rows]),
        "pos": plain(neuron.pos[rows]),
    }


def distance_columns(neuron: Neuron, rows: Int[np.ndarray, " k"], cut: float | None) -> dict[str, np.ndarray]:
    """Return the distance of each example to the centre of its feature; known at the default cut only."""
    known = getattr(neuron, "center_distance", None)
    return {} if known is None or cut is not None else {"center_distance": plain(known[rows])}


def source_column(names: list[str] | None) -> dict[str, pd.Series]:
    """Return the column of sources; nothing if the atlas does not have them."""
    return {} if names is None else {"source": texts(names)}


def joined_texts(atlas: Atlas, ids: Int[np.ndarray, "k n"]) -> pd.Series:
    """Return the text of each row of token ids; −1 is no token."""
    return texts(["".join(atlas.vocab[id] for id in row if id >= 0) for row in ids.tolist()])


def texts(values: Sequence[str]) -> pd.Series:
    """Return a str column that every file format can store, also when it is empty."""
    return pd.Series([SURROGATE.sub("\ufffd", value) for value in values], dtype="str")


def plain(values: Shaped[np.ndarray, "..."]) -> Shaped[np.ndarray, "..."]:
    """Convert to int64 or float64."""
    return shortest(values) if values.dtype.kind == "f" else np.asarray(values, dtype=np.int64)


def shortest(values: Shaped[np.ndarray, "..."]) -> Shaped[np.ndarray, "..."]:
    """Convert stored halves and floats to their shortest decimals: 0.3, not 0.30000001192092896."""
    return np.asarray(values).astype(str).astype(np.float64)
