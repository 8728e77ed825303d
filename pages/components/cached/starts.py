"""Good places to start: neurons picked by stated rules from the measures of the atlas, the same ones every time."""

from dataclasses import dataclass

import numpy as np

from ne_core.atlas import Atlas
from ne_core.method.agreement import baseline_importances
from ne_core.queries.chance import below_random
from ne_core.refs import NeuronRef
from ne_core.text.token_text import is_word
from pages.components.cached.per_atlas import per_atlas

SOLID = 3  # a feature counts here from this many examples on; smaller ones are often strays
WORD = 3  # letters that make a word of a key token
OF_ITS_FEATURE = 0.5  # share of a feature's examples that a key token must have to stand for it
OF_TEXTS = "those with one word for each feature, then those with token importance, then "  # which come first
A_LAYER = 2  # at most so many from one layer, so that the picks spread over the model


@dataclass(frozen=True)
class Start:
    title: str
    rule: str
    neurons: tuple[NeuronRef, ...]


@per_atlas()
def starts(atlas: Atlas, count: int) -> list[Start]:
    """Kinds of neurons and `count` of each at most, best first; kinds that the atlas has none of are left out."""
    table = atlas.neurons
    solid, rarest = solid_features(atlas)
    alive, share = table["n_examples"] > 0, table["largest_share"]
    apart = np.nan_to_num(table["inter_distance"]) - np.nan_to_num(table["intra_distance"])
    nameless, unknown = ~named_by_words(atlas), ~importance_known(atlas)
    rare = (solid == 2) & (share >= 0.6) & (rarest <= 0.2 * table["n_examples"])
    several = (solid >= 3) & (share <= 0.6)
    single = alive & (table["n_features"] == 1) & (table["n_examples"] >= 2 * SOLID)
    above, further, said = chance(atlas)
    unit, of_texts = atlas.manifest.vocabulary.unit, "" if atlas.manifest.images else OF_TEXTS
    kinds = [
        Start(
            "One large and one rare feature",
            f"Two features of {SOLID} or more examples; the larger holds at least 60 % of the {unit}’s examples, the "
            f"rarer at most 20 %. First {of_texts}{said[0]}those whose features lie furthest apart.",
            best(atlas, rare, (-apart, above, unknown, nameless), count),
        ),
        Start(
            "Several features",
            f"At least three features of {SOLID} or more examples, none holding more than 60 %. In the same "
            f"order{said[1]}.",
            best(atlas, several, (-apart, -above, unknown, nameless), count),
        ),
        Start(
            "A single, tight feature",
            f"One feature of {2 * SOLID} or more examples. In the same order, but {said[2]}by how close its "
            "examples lie.",
            best(atlas, single, (np.nan_to_num(table["mean_distance"], nan=np.inf), further, unknown, nameless), count),
        ),
    ]
    return [start for start in kinds if start.neurons]


def chance(atlas: Atlas) -> tuple[np.ndarray, np.ndarray, tuple[str, str, str]]:
    """How many random directions each neuron has more features than, and lies further apart than, as shares.

    A neuron that cannot be compared counts as one in the middle; without random directions all are alike. And how the
    rules tell it, for one large and one rare feature, several, and a single one.
    """
    if atlas.manifest.rarefied is None:
        alike = np.full(len(atlas.neurons["layer"]), 0.5)
        return alike, alike, ("", "", "")
    pairs = (("rarefied_features", "random_features"), ("mean_distance", "random_distance"))
    above, further = (np.nan_to_num(below_random(atlas, *pair), nan=0.5) for pair in pairs)
    said = (
        "those with fewer features than most random directions of their layer, then ",
        ", but those with more features than most random directions of their layer before those further apart",
        "by how few random directions of its layer lie as close together, then ",
    )
    return above, further, said


def solid_features(atlas: Atlas) -> tuple[np.ndarray, np.ndarray]:
    """For every neuron: features with at least SOLID examples, and the size of the smallest of them."""
    size, n_neurons, owner = atlas.features["size"], len(atlas.neurons["layer"]), feature_owner(atlas)
    large = size >= SOLID
    rarest = np.full(n_neurons, np.iinfo(np.int32).max)
    np.minimum.at(rarest, owner[large], size[large])
    return np.bincount(owner[large], minlength=n_neurons), rarest


def named_by_words(atlas: Atlas) -> np.ndarray:
    """Whether one word is the key token of most examples, in every solid feature: a newcomer reads it at once."""
    word = np.array([is_word(text, WORD) for text in atlas.vocab], dtype=bool)
    token, count = atlas.features["key_tokens"][:, 0], atlas.features["key_token_counts"][:, 0]
    size, owner = atlas.features["size"], feature_owner(atlas)
    nameless = (size >= SOLID) & ~(word[token] & (count >= OF_ITS_FEATURE * size))
    return np.bincount(owner[nameless], minlength=len(atlas.neurons["layer"])) == 0


def importance_known(atlas: Atlas) -> np.ndarray:
    """Whether the first example on a neuron’s page, the centre of its largest feature, has token importances."""
    known = np.zeros(len(atlas.neurons["layer"]), dtype=bool)
    largest = np.flatnonzero(atlas.features["feature"] == 0)
    for layer in atlas.layers:
        here = largest[atlas.features["layer"][largest] == layer]
        files, neurons = atlas.files[layer], atlas.features["neuron"][here]
        rows = files.offsets[neurons] + atlas.features["central"][here]
        found = np.isfinite(baseline_importances(files.columns["window_importances"][rows], 0)).any(axis=1)
        known[atlas.neuron_row(NeuronRef(layer, 0)) + neurons] = found
    return known


def feature_owner(atlas: Atlas) -> np.ndarray:
    """The row in `neurons` that each feature belongs to."""
    return np.repeat(np.arange(len(atlas.neurons["layer"])), atlas.neurons["n_features"])


def best(atlas: Atlas, among: np.ndarray, keys: tuple[np.ndarray, ...], count: int) -> tuple[NeuronRef, ...]:
    """The first `count` by the last key, then the one before it, with no more than A_LAYER from one layer."""
    picked, taken = [], dict.fromkeys(atlas.layers, 0)
    rows = np.flatnonzero(among)
    for row in rows[np.lexsort([key[rows] for key in keys])]:
        ref = NeuronRef(int(atlas.neurons["layer"][row]), int(atlas.neurons["neuron"][row]))
        if taken[ref.layer] < A_LAYER and len(picked) < count:
            picked.append(ref)
            taken[ref.layer] += 1
    return tuple(picked)


@per_atlas(entries=64)
def living(atlas: Atlas, layer: int | None = None) -> list[NeuronRef]:
    """Neurons with at least one activating example, in order."""
    table = atlas.neurons
    among = table["n_examples"] > 0
    rows = np.flatnonzero(among if layer is None else among & (table["layer"] == layer))
    return [
        NeuronRef(*each) for each in zip(table["layer"][rows].tolist(), table["neuron"][rows].tolist(), strict=True)
    ]


def first_neuron(atlas: Atlas) -> NeuronRef:
    """The neuron that a visitor sees who names none: one worth seeing."""
    picks = [start.neurons[0] for start in starts(atlas, 1)]
    return (picks or living(atlas) or [NeuronRef(atlas.layers[0], 0)])[0]
