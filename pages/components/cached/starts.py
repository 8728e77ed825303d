"""Suggested neurons to start with, selected by stated, deterministic rules from the measures of the atlas."""

from dataclasses import dataclass

import numpy as np

from ne_core.atlas import Atlas
from ne_core.method.agreement import baseline_importances
from ne_core.queries.chance import below_random
from ne_core.refs import NeuronRef
from ne_core.text.token_text import is_word
from pages.components.cached.per_atlas import per_atlas

SOLID = 3  # fewest examples of a feature that counts here; smaller ones are often outliers
WORD = 3  # fewest letters of a key token that counts as a word
OF_ITS_FEATURE = 0.5  # smallest share of a feature's examples with a key token that represents it
OF_TEXTS = "those with one word for each feature, then those with token importance, then "  # the order of texts
A_LAYER = 2  # most neurons from one layer, so that the suggestions spread over the model


@dataclass(frozen=True)
class Start:
    title: str
    rule: str
    neurons: tuple[NeuronRef, ...]


@per_atlas()
def starts(atlas: Atlas, count: int) -> list[Start]:
    """Select up to `count` neurons of each kind, best first; kinds without a neuron are left out."""
    table = atlas.neurons
    solid, rarest = solid_features(atlas)
    alive, share = table["n_examples"] > 0, table["largest_share"]
    apart = np.nan_to_num(table["inter_distance"]) - np.nan_to_num(table["intra_distance"])
    nameless, unknown = ~named_by_words(atlas), ~importance_known(atlas)
    rare = (solid == 2) & (share >= 0.6) & (rarest <= 0.2 * table["n_examples"])
    several = (solid >= 3) & (share <= 0.6)
    single = alive & (table["n_features"] == 1) & (table["n_examples"] >= 2 * SOLID)
    above, further, rules = chance(atlas)
    unit, of_texts = atlas.manifest.vocabulary.unit, "" if atlas.manifest.images else OF_TEXTS
    kinds = [
        Start(
            "One large and one rare feature",
            f"Two features of {SOLID} or more examples; the larger holds at least 60 % of the {unit}’s examples, the "
            f"rarer at most 20 %. First {of_texts}{rules[0]}those with the largest distance between features.",
            best(atlas, rare, (-apart, above, unknown, nameless), count),
        ),
        Start(
            "Several features",
            f"At least three features of {SOLID} or more examples, none holding more than 60 %. In the same "
            f"order{rules[1]}.",
            best(atlas, several, (-apart, -above, unknown, nameless), count),
        ),
        Start(
            "A single, tight feature",
            f"One feature of {2 * SOLID} or more examples. In the same order, but {rules[2]}by the smallest mean "
            "distance between its examples.",
            best(atlas, single, (np.nan_to_num(table["mean_distance"], nan=np.inf), further, unknown, nameless), count),
        ),
    ]
    return [start for start in kinds if start.neurons]


def chance(atlas: Atlas) -> tuple[np.ndarray, np.ndarray, tuple[str, str, str]]:
    """Share of random directions with fewer features, and with a smaller mean distance, than each neuron; rule texts.

    A neuron that cannot be compared gets 0.5; so do all neurons of an atlas without random directions. The texts are
    the parts of the rules for one large and one rare feature, several features, and a single feature.
    """
    if atlas.manifest.rarefied is None:
        equal = np.full(len(atlas.neurons["layer"]), 0.5)
        return equal, equal, ("", "", "")
    pairs = (("rarefied_features", "random_features"), ("mean_distance", "random_distance"))
    above, further = (np.nan_to_num(below_random(atlas, *pair), nan=0.5) for pair in pairs)
    rules = (
        "those with fewer features than most random directions of their layer, then ",
        ", but those with more features than most random directions of their layer before those with a larger distance",
        "by the smallest share of random directions of its layer with a smaller mean distance, then ",
    )
    return above, further, rules


def solid_features(atlas: Atlas) -> tuple[np.ndarray, np.ndarray]:
    """Number of features with at least SOLID examples of each neuron, and the size of the smallest of them."""
    size, n_neurons, owner = atlas.features["size"], len(atlas.neurons["layer"]), feature_owner(atlas)
    large = size >= SOLID
    rarest = np.full(n_neurons, np.iinfo(np.int32).max)
    np.minimum.at(rarest, owner[large], size[large])
    return np.bincount(owner[large], minlength=n_neurons), rarest


def named_by_words(atlas: Atlas) -> np.ndarray:
    """Mask of neurons whose solid features each have one word as key token of most examples."""
    word = np.array([is_word(text, WORD) for text in atlas.vocab], dtype=bool)
    token, count = atlas.features["key_tokens"][:, 0], atlas.features["key_token_counts"][:, 0]
    size, owner = atlas.features["size"], feature_owner(atlas)
    nameless = (size >= SOLID) & ~(word[token] & (count >= OF_ITS_FEATURE * size))
    return np.bincount(owner[nameless], minlength=len(atlas.neurons["layer"])) == 0


def importance_known(atlas: Atlas) -> np.ndarray:
    """Mask of neurons whose first example, the centre of the largest feature, has token importances."""
    known = np.zeros(len(atlas.neurons["layer"]), dtype=bool)
    largest = np.flatnonzero(atlas.features["feature"] == 0)
    for layer in atlas.layers:
        ids = largest[atlas.features["layer"][largest] == layer]
        files, neurons = atlas.files[layer], atlas.features["neuron"][ids]
        rows = files.offsets[neurons] + atlas.features["central"][ids]
        has_importance = np.isfinite(baseline_importances(files.columns["window_importances"][rows], 0)).any(axis=1)
        known[atlas.neuron_row(NeuronRef(layer, 0)) + neurons] = has_importance
    return known


def feature_owner(atlas: Atlas) -> np.ndarray:
    """Row in `neurons` of each feature's neuron."""
    return np.repeat(np.arange(len(atlas.neurons["layer"])), atlas.neurons["n_features"])


def best(atlas: Atlas, among: np.ndarray, keys: tuple[np.ndarray, ...], count: int) -> tuple[NeuronRef, ...]:
    """Select the first `count` by the last key, then the key before it, with at most A_LAYER from one layer."""
    picked, per_layer = [], dict.fromkeys(atlas.layers, 0)
    rows = np.flatnonzero(among)
    for row in rows[np.lexsort([key[rows] for key in keys])]:
        ref = NeuronRef(int(atlas.neurons["layer"][row]), int(atlas.neurons["neuron"][row]))
        if per_layer[ref.layer] < A_LAYER and len(picked) < count:
            picked.append(ref)
            per_layer[ref.layer] += 1
    return tuple(picked)


@per_atlas(entries=64)
def neurons_with_examples(atlas: Atlas, layer: int | None = None) -> list[NeuronRef]:
    """Neurons with at least one activating example, in order."""
    table = atlas.neurons
    among = table["n_examples"] > 0
    rows = np.flatnonzero(among if layer is None else among & (table["layer"] == layer))
    return [
        NeuronRef(*each) for each in zip(table["layer"][rows].tolist(), table["neuron"][rows].tolist(), strict=True)
    ]


def first_neuron(atlas: Atlas) -> NeuronRef:
    """Default neuron of a page whose address names none: the first suggestion."""
    picks = [start.neurons[0] for start in starts(atlas, 1)]
    return (picks or neurons_with_examples(atlas) or [NeuronRef(atlas.layers[0], 0)])[0]
