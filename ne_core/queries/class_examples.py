"""Neurons that show each class best, selected by stated, deterministic rules from the measures of an atlas."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from ne_core.atlas import Atlas
from ne_core.method.agreement import baseline_importances
from ne_core.method.classes import CLASSES, FEW, NAMES, neuron_classes, rules, second_sizes
from ne_core.queries.chance import below_random
from ne_core.queries.one_idea import LEAST, LETTERS, feature_owner
from ne_core.refs import NeuronRef
from ne_core.text.token_text import is_word

SHOWN = ("primary-rare", "related", "many", "single")  # the classes, the one to begin with first
OF_ITS_FEATURE = 0.5  # smallest share of a feature's examples with a key token that represents it
OF_TEXTS = "those with one word for each feature, then those with token importance, then "  # the order of texts
A_LAYER = 2  # most neurons from one layer, so that they spread over the model


@dataclass(frozen=True)
class ClassExamples:
    """A class of `method/classes.py` by its name, its rule with the order, and its neurons, best first."""

    title: str
    rule: str
    neurons: tuple[NeuronRef, ...]


def class_examples(atlas: Atlas, count: int) -> list[ClassExamples]:
    """Select up to `count` neurons of each class; classes without a neuron are left out."""
    table, cut = atlas.neurons, atlas.manifest.default_cut
    texts, second = rules(cut), second_sizes(table["n_features"], atlas.features["size"])
    classes, large = neuron_classes(table, second, cut), largest_sizes(atlas) >= LEAST
    orders = sort_orders(atlas)
    selected = []
    for kind in SHOWN:
        keys, order = orders[kind]
        neurons = best(atlas, large & (classes == CLASSES.index(kind)), keys, count)
        rule = f"{texts[kind]} Here with a feature of {LEAST} examples or more; first {order}."
        selected.append(ClassExamples(NAMES[kind], rule, neurons))
    return [each for each in selected if each.neurons]


def largest_sizes(atlas: Atlas) -> Int[np.ndarray, " n"]:
    """Size of each neuron's largest feature; 0 for a dead neuron."""
    sizes = np.zeros(len(atlas.neurons["layer"]), dtype=np.int64)
    largest = atlas.features["feature"] == 0
    sizes[feature_owner(atlas)[largest]] = atlas.features["size"][largest]
    return sizes


def sort_orders(atlas: Atlas) -> dict[str, tuple[tuple[Shaped[np.ndarray, " n"], ...], str]]:
    """Keys to sort each class by, the last one first, and their order in words."""
    table = atlas.neurons
    apart = np.nan_to_num(table["inter_distance"]) - np.nan_to_num(table["intra_distance"])
    mean = np.nan_to_num(table["mean_distance"], nan=np.inf)
    nameless, unknown = ~named_by_words(atlas), ~importance_known(atlas)
    of_texts = "" if atlas.manifest.images else OF_TEXTS
    above, further = chance(atlas)
    fewer, many, nearer = chance_words(atlas)
    several = (-apart, -above, unknown, nameless), f"{of_texts}{many}those with the largest distance between features"
    return {
        "primary-rare": (
            (-apart, above, unknown, nameless),
            f"{of_texts}{fewer}those with the largest distance between features",
        ),
        "related": several,
        "many": several,
        "single": (
            (mean, further, unknown, nameless),
            f"{of_texts}{nearer}those with the smallest mean distance between examples",
        ),
    }


def chance(atlas: Atlas) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Share of random directions with fewer features, and with a smaller mean distance, than each neuron.

    A neuron that cannot be compared gets 0.5; so do all neurons of an atlas without random directions.
    """
    if atlas.manifest.rarefied is None:
        equal = np.full(len(atlas.neurons["layer"]), 0.5)
        return equal, equal
    pairs = (("rarefied_features", "random_features"), ("mean_distance", "random_distance"))
    above, further = (np.nan_to_num(below_random(atlas, *pair), nan=0.5) for pair in pairs)
    return above, further


def chance_words(atlas: Atlas) -> tuple[str, str, str]:
    """The comparison with chance in words: fewer features, more features, a smaller distance; empty without it."""
    if atlas.manifest.rarefied is None:
        return "", "", ""
    return (
        "those with fewer features than most random directions of their layer, then ",
        "those with more features than most random directions of their layer, then ",
        "those with the smallest share of random directions of their layer with a smaller mean distance, then ",
    )


def named_by_words(atlas: Atlas) -> Bool[np.ndarray, " n"]:
    """Mask of neurons whose features of FEW examples or more each have one word as key token of most examples."""
    word = np.array([is_word(text, LETTERS) for text in atlas.vocab], dtype=bool)
    token, count = atlas.features["key_tokens"][:, 0], atlas.features["key_token_counts"][:, 0]
    size = atlas.features["size"]
    nameless = (size >= FEW) & ~(word[token] & (count >= OF_ITS_FEATURE * size))
    return np.bincount(feature_owner(atlas)[nameless], minlength=len(atlas.neurons["layer"])) == 0


def importance_known(atlas: Atlas) -> Bool[np.ndarray, " n"]:
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


def best(
    atlas: Atlas, among: Bool[np.ndarray, " n"], keys: tuple[Shaped[np.ndarray, " n"], ...], count: int
) -> tuple[NeuronRef, ...]:
    """Select the first `count` by the last key, then the key before it, with at most A_LAYER from one layer."""
    picked, per_layer = [], dict.fromkeys(atlas.layers, 0)
    rows = np.flatnonzero(among)
    for row in rows[np.lexsort([key[rows] for key in keys])]:
        ref = NeuronRef(int(atlas.neurons["layer"][row]), int(atlas.neurons["neuron"][row]))
        if per_layer[ref.layer] < A_LAYER and len(picked) < count:
            picked.append(ref)
            per_layer[ref.layer] += 1
    return tuple(picked)
