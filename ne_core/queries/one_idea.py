"""Neurons for a first look: those with features that show one idea in different words.

Two stages, so that the work is bounded. Columns of all features and neurons are compared at once, and order the neurons
that may qualify; then the examples of the first EXAMINED of them are read.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from ne_core.atlas import Atlas, Neuron
from ne_core.method.classes import UNRELATED
from ne_core.method.trees.nodes import join_heights
from ne_core.queries.chance import below_random
from ne_core.refs import NeuronRef
from ne_core.text.sentences import is_whole_word

LEAST = 5  # fewest examples of a feature
MOST_SHARE = 0.4  # largest share of a feature's examples with one word as key token
LETTERS = 3  # fewest letters of a key token that counts as a word
WORDS = 0.8  # smallest share of a feature's examples whose key token is a whole word
TIGHT = 0.5  # quantile of the mean distances within features of LEAST examples: at most this is tight
APART = 1.5  # smallest distance to the nearest other feature of LEAST examples, in mean distances within
CHANCE = 1 / 3  # largest share of random directions with a smaller mean distance than the neuron
WANTED = 2  # features by which a neuron comes first
MOSTLY = 0.5  # share of its examples in such features by which it comes before others
A_LAYER = 3  # most picks from one layer, unless there are too few layers for that
TINY = 1e-6  # for division by distances that may be 0
EXAMINED = 64  # most neurons whose examples are read


@dataclass(frozen=True)
class Pick:
    """A neuron, and the numbers of its features that show one idea.

    `share` is that of its examples in them, `closeness` the mean distance within a feature by the distance to the
    nearest other one, the mean over them.
    """

    ref: NeuronRef
    features: tuple[int, ...]
    share: float
    closeness: float


def one_idea(atlas: Atlas, count: int) -> tuple[Pick, ...]:
    """Pick up to `count` neurons with a feature that qualifies.

    First those with WANTED of them, then those with MOSTLY of their examples in them, then the closest; equal ones are
    in the atlas's order.
    """
    fits = qualifying(atlas)
    examined = (examine(atlas, row, fits) for row in candidates(atlas, fits)[:EXAMINED].tolist())
    picks = sorted(
        filter(None, examined), key=lambda pick: (len(pick.features) < WANTED, pick.share < MOSTLY, pick.closeness)
    )
    return tuple(spread(picks, count, layer_limit(count, len(atlas.layers))))


def qualifying(atlas: Atlas) -> Bool[np.ndarray, " n_features"]:
    """Mask of the features that qualify by the columns of the atlas; `examine` reads what columns do not say."""
    features = atlas.features
    fits = (features["size"] >= LEAST) & (features["intra_distance"] <= tight(atlas))
    fits &= unlike_chance(atlas)[feature_owner(atlas)]
    return fits if atlas.manifest.images else fits & different_words(atlas)


def tight(atlas: Atlas) -> float:
    """Largest mean distance within a feature that is tight; NaN for an atlas without features of LEAST examples."""
    inner = atlas.features["intra_distance"][atlas.features["size"] >= LEAST]
    known = inner[np.isfinite(inner)]
    return float(np.quantile(known, TIGHT)) if len(known) else float("nan")


def different_words(atlas: Atlas) -> Bool[np.ndarray, " n_features"]:
    """Mask of the features whose frequent key tokens are letters, none of them in more than MOST_SHARE of the examples.

    An upper bound, since only the most frequent key tokens are stored: no feature that `by_words` keeps is missing.
    """
    features = atlas.features
    tokens, size = features["key_tokens"], features["size"]
    counts = np.where(tokens < 0, 0, features["key_token_counts"])
    letters = np.array([len(bare) >= LETTERS and bare.isalpha() for bare in map(str.strip, atlas.vocab)], dtype=bool)
    others = np.where(letters[tokens], 0, counts).sum(axis=1)
    return (others <= (1 - WORDS) * size + 1e-9) & (most_frequent(atlas.words[tokens], counts) <= MOST_SHARE * size)


def most_frequent(words: Int[np.ndarray, "n k"], counts: Int[np.ndarray, "n k"]) -> Int[np.ndarray, " n"]:
    """Largest count of one word in each row; tokens of the same word (“This”, “ this”) count together."""
    same = words[:, :, None] == words[:, None, :]
    return (same * counts[:, None, :]).sum(axis=2).max(axis=1, initial=0)


def unlike_chance(atlas: Atlas) -> Bool[np.ndarray, " n_neurons"]:
    """Mask of the neurons whose examples are nearer to each other than those of most random directions of their layer.

    Neurons that cannot be compared pass, as do all of an atlas without random directions.
    """
    if atlas.manifest.rarefied is None:
        return np.ones(len(atlas.neurons["layer"]), dtype=bool)
    return np.nan_to_num(below_random(atlas, "mean_distance", "random_distance"), nan=0) <= CHANCE


def candidates(atlas: Atlas, fits: Bool[np.ndarray, " n_features"]) -> Int[np.ndarray, " n"]:
    """Rows of the neurons that may qualify, in the order of the picks as far as columns know it."""
    owner, table = feature_owner(atlas)[fits], atlas.neurons
    count = np.bincount(owner, minlength=len(table["layer"]))
    rows = np.flatnonzero(count)
    size, inner = (
        np.bincount(owner, weights=atlas.features[name][fits], minlength=len(count))[rows]
        for name in ("size", "intra_distance")
    )
    between = np.maximum(np.nan_to_num(table["inter_distance"][rows].astype(np.float64), nan=UNRELATED), TINY)
    keys = (inner / count[rows] / between, size < MOSTLY * table["n_examples"][rows], count[rows] < WANTED)
    return rows[np.lexsort(keys)]


def feature_owner(atlas: Atlas) -> Int[np.ndarray, " n_features"]:
    """Row in `neurons` of each feature's neuron."""
    return np.repeat(np.arange(len(atlas.neurons["layer"])), atlas.neurons["n_features"])


def examine(atlas: Atlas, row: int, fits: Bool[np.ndarray, " n_features"]) -> Pick | None:
    """Read the examples of the neuron in a row of `neurons`; None if no feature of it qualifies."""
    ref = NeuronRef(int(atlas.neurons["layer"][row]), int(atlas.neurons["neuron"][row]))
    neuron, ids, size = atlas.neuron(ref), atlas.feature_ids(ref), atlas.features["size"]
    others = [i for i, id in enumerate(ids) if size[id] >= LEAST]
    closeness = {}
    for i in (i for i in others if fits[ids[i]]):
        ratio = float(atlas.features["intra_distance"][ids[i]]) / max(nearest(neuron, i, others), TINY)
        words = atlas.manifest.images or by_words(atlas, neuron, np.flatnonzero(neuron.feature == i))
        if words and ratio <= 1 / APART:
            closeness[i] = ratio
    if not closeness:
        return None
    share = sum(int(size[ids[i]]) for i in closeness) / len(neuron)
    return Pick(ref, tuple(closeness), share, float(np.mean(list(closeness.values()))))


def nearest(neuron: Neuron, feature: int, others: list[int]) -> float:
    """Distance at which the tree joins a feature with the nearest of the others; UNRELATED if there are none."""
    counts = np.zeros(int(neuron.feature.max()) + 1, dtype=bool)
    counts[others] = True
    counts[feature] = False
    heights = join_heights(neuron.tree, int(np.argmax(neuron.feature == feature)))
    return float(heights[counts[neuron.feature]].min(initial=UNRELATED))


def by_words(atlas: Atlas, neuron: Neuron, rows: Int[np.ndarray, " k"]) -> bool:
    """True if the key tokens of some examples are whole words of their texts, and different ones."""
    window, key = atlas.window_tokens(neuron, rows), atlas.manifest.window.key
    around = np.pad(window, ((0, 0), (1, 1)), constant_values=-1)[:, key : key + 3].tolist()
    texts = ((atlas.vocab[id] if id >= 0 else "" for id in ids) for ids in around)
    whole = [is_whole_word(*three, LETTERS) for three in texts]
    most = int(np.unique(atlas.words[window[:, key]], return_counts=True)[1].max())
    return sum(whole) >= WORDS * len(rows) and most <= MOST_SHARE * len(rows)


def layer_limit(count: int, n_layers: int) -> int:
    """Most picks from one layer."""
    return max(A_LAYER, -(-count // n_layers))


def spread(picks: Iterable[Pick], count: int, most: int) -> Iterator[Pick]:
    """The first `count` picks, with at most `most` from one layer."""
    per_layer, n = {}, 0
    for pick in picks:
        per_layer[pick.ref.layer] = per_layer.get(pick.ref.layer, 0) + 1
        if per_layer[pick.ref.layer] <= most and n < count:
            n += 1
            yield pick
