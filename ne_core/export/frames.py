"""An atlas as pandas DataFrames, for notebooks and for files.

Numbers count from 0. Text is the tokenizer's own, unescaped (`token_text.visible` makes it readable); a lone
surrogate, which no file can hold, is U+FFFD. Floats are the shortest decimals that name the stored numbers. Columns
hold int64, float64, bool or str and nothing else, so that every format of `table_files` gives back what it got.
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
from ne_core.method.classes import CLASSES
from ne_core.method.measures import distances_of
from ne_core.queries.board import QUANTILES, board
from ne_core.queries.layer_pairs import LayerPairs
from ne_core.refs import FeatureRef, NeuronRef

TEXT = {
    "class",
    "name",
    "comparable",
    "space",
    "key_token",
    "before",
    "after",
    "token",
    *(f"key_token_{i}" for i in range(KEY_TOKENS)),
}

SURROGATE = re.compile("[\ud800-\udfff]")


def neurons_frame(atlas: Atlas, rows: Sequence[int] | Int[np.ndarray, " n"] | None = None) -> pd.DataFrame:
    """Every neuron with its measures and its class; `rows` of the atlas's table picks and orders some."""
    rows = slice(None) if rows is None else np.asarray(rows, dtype=np.int64)
    found = {column.name: plain(atlas.neurons[column.name][rows]) for column in neuron_columns(atlas.manifest)}
    kinds = board(atlas).columns["class"][rows]
    return pd.DataFrame(found).assign(**{"class": texts([CLASSES[kind] for kind in kinds.tolist()])})


def features_frame(atlas: Atlas, ids: Sequence[int] | Int[np.ndarray, " n"] | None = None) -> pd.DataFrame:
    """Every feature at the atlas's cut, with its name and key tokens; `ids` picks and orders some, as hits do."""
    ids = np.arange(len(atlas.features["layer"])) if ids is None else np.asarray(ids, dtype=np.int64)
    found = {c.name: plain(atlas.features[c.name][ids]) for c in FEATURES if c.length == 1}
    keys, counts = (atlas.features[name][ids] for name in ("key_tokens", "key_token_counts"))
    for i in range(KEY_TOKENS):
        found[f"key_token_{i}"] = texts([atlas.vocab[id] if id >= 0 else "" for id in keys[:, i].tolist()])
        found[f"key_token_{i}_examples"] = plain(np.where(keys[:, i] >= 0, counts[:, i], 0))
    names = texts([feature_name(atlas, id) for id in ids.tolist()])
    return pd.DataFrame({"id": plain(ids), "name": names, **found})


def layers_frame(atlas: Atlas) -> pd.DataFrame:
    """Every layer: its neurons, those of each class, and quantiles over the living ones (NaN without any)."""
    made, table = board(atlas), atlas.neurons
    of_layer = [table["layer"] == layer for layer in atlas.layers]
    found = {
        "layer": np.array(atlas.layers),
        "neurons": np.array([here.sum() for here in of_layer]),
        "living": np.array([(table["n_examples"][here] > 0).sum() for here in of_layer]),
        "features": np.array([table["n_features"][here].sum() for here in of_layer]),
        "examples": np.array([table["n_examples"][here].sum() for here in of_layer]),
    }
    for i, kind in enumerate(CLASSES):
        found[f"class_{kind}"] = made.class_counts[:, i]
    for name in ("n_features", "mean_distance"):
        for share, values in zip(QUANTILES, made.quantiles(name).T, strict=True):
            found[f"{name}_{share:.0%}"] = values
    return pd.DataFrame({name: plain(values) for name, values in found.items()})


def cut_frame(atlas: Atlas, ref: NeuronRef, cut: float | None = None) -> pd.DataFrame:
    """One neuron's features at any cut, largest first, with the row of the example at the centre of each."""
    cut = atlas.manifest.default_cut if cut is None else cut
    neuron = atlas.neuron(ref)
    of, centres = neuron.features(cut), neuron.central(cut)
    rows = [np.flatnonzero(of == feature) for feature in range(len(centres))]
    found = {
        "layer": np.full(len(rows), ref.layer),
        "neuron": np.full(len(rows), ref.neuron),
        "feature": np.arange(len(rows)),
        "name": texts(cluster_names(atlas, neuron, of)),
        "size": np.array([len(each) for each in rows], dtype=np.int64),
        "mean_activation": np.array([neuron.activation[each].astype(np.float64).mean() for each in rows]),
        "intra_distance": distances_of(neuron.tree, of, cut) if len(rows) else np.zeros(0),
        "central": plain(centres),
    }
    return pd.DataFrame(found)


def histogram_frame(atlas: Atlas, ref: NeuronRef) -> pd.DataFrame:
    """How many of the atlas's sampled positions have an activation from `low` up to `high`."""
    found = atlas.histogram(ref)
    return pd.DataFrame({"low": found.edges[:-1], "high": found.edges[1:], "positions": plain(found.counts)})


def examples_frame(atlas: Atlas, ref: NeuronRef | FeatureRef, cut: float | None = None) -> pd.DataFrame:
    """A neuron's activating examples, or those of one feature, at the atlas's cut or at another.

    `row` is the example's number within its neuron, `before` and `after` the text around the key token. Raises
    KeyError for a neuron that the atlas lacks, or a feature that the cut does not make.
    """
    neuron, feature = cut_neuron(atlas, ref, cut)
    rows = rows_of(ref, feature)
    keys, windows, key = atlas.tokens, atlas.window_tokens(neuron, rows), atlas.manifest.window.key
    central = np.isin(rows, neuron.central(atlas.manifest.default_cut if cut is None else cut))
    found = {
        **placed(neuron, feature, rows),
        "central": central,
        "activation": plain(neuron.activation[rows]),
        **distances(neuron, rows, cut),
        "key_token": texts(atlas.text(keys[neuron.example[rows], neuron.pos[rows]])),
        "before": joined(atlas, windows[:, :key]),
        "after": joined(atlas, windows[:, key + 1 :]),
    }
    return pd.DataFrame(found)


def tokens_frame(atlas: Atlas, ref: NeuronRef | FeatureRef, cut: float | None = None) -> pd.DataFrame:
    """The same examples token by token: activation, and importance by each mask baseline, NaN where not computed.

    `offset` counts from the key token, which is 0; tokens before it are negative.
    """
    neuron, feature = cut_neuron(atlas, ref, cut)
    rows = rows_of(ref, feature)
    tokens, window = atlas.window_tokens(neuron, rows), atlas.manifest.window
    inside = tokens >= 0
    which, at = np.nonzero(inside)
    importances = np.full((len(rows), len(atlas.manifest.baselines), window.size), np.nan)
    importances[:, :, : window.back] = shortest(neuron.window_importances[rows])
    found = {
        **placed(neuron, feature, rows[which]),
        "offset": at - window.key,
        "token": texts(atlas.text(tokens[inside])),
        "activation": plain(neuron.window_activations[rows][inside]),
    }
    by_baseline = {f"importance_{name}": importances[which, b, at] for b, name in enumerate(atlas.manifest.baselines)}
    return pd.DataFrame(found | by_baseline)


def similar_frame(atlas: Atlas, ref: FeatureRef, space: str | None = None) -> pd.DataFrame:
    """The features similar to one of the atlas's cut, best first, in a space (the atlas's own by default).

    `of_…` is the one that they are similar to, `comparable` what a cosine between the two layers is worth there.
    """
    space = space or atlas.manifest.default_space
    if space not in atlas.manifest.spaces:
        raise KeyError(f"space {space}: this atlas has {', '.join(atlas.manifest.spaces)}")
    found = atlas.similar(ref, space)
    ids = np.array([atlas.feature_id(other) for other, _ in found], dtype=np.int64)
    return like_frame(atlas, ref, space, ids, np.array([cosine for _, cosine in found], dtype=np.float16))


def like_frame(
    atlas: Atlas, ref: FeatureRef, space: str, ids: Int[np.ndarray, " n"], cosines: Float[np.ndarray, " n"]
) -> pd.DataFrame:
    """Features by their cosine with one of the atlas's cut, in the order given; columns as in `similar_frame`."""
    frame, verdicts = features_frame(atlas, ids), LayerPairs(atlas, space).verdicts(ref.layer)
    frame.insert(0, "rank", np.arange(len(ids)))
    frame.insert(1, "cosine", plain(cosines))
    frame["comparable"] = texts([verdicts[layer].value for layer in atlas.features["layer"][ids].tolist()])
    of = {"of_layer": ref.layer, "of_neuron": ref.neuron, "of_feature": ref.feature}
    frame = frame.assign(**{name: np.full(len(ids), number) for name, number in of.items()})
    frame["of_cut"] = np.full(len(ids), atlas.manifest.default_cut)
    frame["space"] = texts([space] * len(ids))
    return frame


def cut_neuron(atlas: Atlas, ref: NeuronRef | FeatureRef, cut: float | None) -> tuple[Neuron, Int[np.ndarray, " n"]]:
    """A neuron, and the feature of each of its examples."""
    neuron = atlas.neuron(ref.of if isinstance(ref, FeatureRef) else ref)
    feature = neuron.feature if cut is None else neuron.features(cut)
    if isinstance(ref, FeatureRef) and ref.feature not in feature:
        where = "its default cut" if cut is None else f"cut {cut:g}"
        raise KeyError(f"this atlas has no feature {ref} at {where}")
    return neuron, feature


def rows_of(ref: NeuronRef | FeatureRef, feature: Int[np.ndarray, " n"]) -> Int[np.ndarray, " k"]:
    return np.flatnonzero(feature == ref.feature) if isinstance(ref, FeatureRef) else np.arange(len(feature))


def placed(neuron: Neuron, feature: Int[np.ndarray, " n"], rows: Int[np.ndarray, " k"]) -> dict[str, np.ndarray]:
    """Where rows of a neuron are, in numbers."""
    constant = {"layer": neuron.ref.layer, "neuron": neuron.ref.neuron}
    return {
        **{name: np.full(len(rows), value, dtype=np.int64) for name, value in constant.items()},
        "feature": plain(feature[rows]),
        "row": plain(rows),
        "example": plain(neuron.example[rows]),
        "pos": plain(neuron.pos[rows]),
    }


def distances(neuron: Neuron, rows: Int[np.ndarray, " k"], cut: float | None) -> dict[str, np.ndarray]:
    """How far each example is from the centre of its feature, where the atlas knows: at its own cut alone."""
    known = getattr(neuron, "center_distance", None)
    return {} if known is None or cut is not None else {"center_distance": plain(known[rows])}


def joined(atlas: Atlas, ids: Int[np.ndarray, "k n"]) -> pd.Series:
    """The text of each row of token ids; −1 is no token."""
    return texts(["".join(atlas.vocab[id] for id in row if id >= 0) for row in ids.tolist()])


def texts(values: Sequence[str]) -> pd.Series:
    """Text as files can hold it; a column of none is text as well."""
    return pd.Series([SURROGATE.sub("\ufffd", value) for value in values], dtype="str")


def plain(values: Shaped[np.ndarray, "..."]) -> Shaped[np.ndarray, "..."]:
    """int64 or float64."""
    return shortest(values) if values.dtype.kind == "f" else np.asarray(values, dtype=np.int64)


def shortest(values: Shaped[np.ndarray, "..."]) -> Shaped[np.ndarray, "..."]:
    """Stored halves and floats by their shortest decimals: 0.3 and not 0.30000001192092896."""
    return np.asarray(values).astype(str).astype(np.float64)
