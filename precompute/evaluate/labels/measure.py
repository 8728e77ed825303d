"""Agreement of a neuron's features with labels of its examples, by embedding, at equal numbers of features.

Adjusted mutual information (Vinh, Epps and Bailey 2010) is 0 for partitions that agree as random ones of the same sizes
do, and 1 for equal ones. Near duplicates count once (ne_core/queries/duplicates.py).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from sklearn.metrics import adjusted_mutual_info_score

from ne_core.atlas import Atlas
from ne_core.method.trees.cluster import cut_into, similarities, tree
from ne_core.queries.duplicates import distinct_rows
from ne_core.refs import NeuronRef
from precompute.evaluate.labels.embeddings import PARTS, LayerEmbeddings, embedding_names
from precompute.evaluate.planted.agreement import pairs_auc

MOST, SEED = 200, 0  # measured neurons of a layer, drawn at random
LEAST = 20  # examples of a measured neuron, without near duplicates
OF_A_WORD = 6  # examples of one key token that are compared with each other, at least
KEY = "key token"  # the baseline: a feature for each key token

Labels = Int[np.ndarray, " k"]


@dataclass(frozen=True)
class Agreement:
    """Measures of one embedding, one value per neuron.

    labels  adjusted mutual information of its features with the labels
    words   the same with the words of the key tokens
    within  the same with the labels, among examples of one key token; NaN without such examples
    parts   probability that two examples of one feature have more similar contributions than two of different ones
    """

    labels: Float[np.ndarray, " n_neurons"]
    words: Float[np.ndarray, " n_neurons"]
    within: Float[np.ndarray, " n_neurons"]
    parts: Float[np.ndarray, " n_neurons"]


@dataclass(frozen=True)
class Examples:
    """Examples of one neuron: their labels, the words of their key tokens, and the number of features."""

    labels: Labels
    words: Labels
    n_features: int


def measure_layer(atlas: Atlas, layer: int) -> dict[str, Agreement]:
    """Measure every embedding, and the baseline KEY, over at most MOST neurons of a layer that have enough examples."""
    embeddings, values = LayerEmbeddings(atlas, layer), {name: [] for name in [*embedding_names(atlas), KEY]}
    for neuron in np.random.default_rng(SEED).permutation(atlas.n_neurons(layer)).tolist():
        if len(values[KEY]) == MOST:
            break
        rows = distinct_rows(atlas, atlas.neuron(NeuronRef(layer, neuron)))
        examples = examples_of(atlas, NeuronRef(layer, neuron), rows) if len(rows) >= LEAST else None
        if examples is None:
            continue
        vectors_by_name = dict(embeddings.of(neuron, rows))
        alike_parts = similarities(vectors_by_name[PARTS]) if PARTS in vectors_by_name else None
        values[KEY].append(agreement(examples.words, examples, alike_parts))
        for name, vectors in vectors_by_name.items():
            features = cut_into(tree(similarities(vectors)), examples.n_features)
            values[name].append(agreement(features, examples, alike_parts))
    return {name: Agreement(*np.array(rows, dtype=np.float64).reshape(-1, 4).T) for name, rows in values.items()}


def examples_of(atlas: Atlas, ref: NeuronRef, rows: Int[np.ndarray, " k"]) -> Examples | None:
    """Return the examples of a neuron; None if they have one label or its rows are of one feature."""
    neuron = atlas.neuron(ref)
    document = atlas.documents.at(neuron.example[rows], neuron.pos[rows])
    labels = atlas.documents.group[document]
    words = atlas.words[atlas.tokens[neuron.example[rows], neuron.pos[rows]]]
    n_features = len(np.unique(neuron.feature[rows]))
    return Examples(labels, words, n_features) if n_features > 1 and len(np.unique(labels)) > 1 else None


def agreement(
    features: Labels, examples: Examples, alike_parts: Float[np.ndarray, "k k"] | None
) -> tuple[float, float, float, float]:
    """Measures of one partition, in the order of Agreement's."""
    return (
        adjusted_mutual_info_score(examples.labels, features),
        adjusted_mutual_info_score(examples.words, features),
        within_words(features, examples),
        float("nan") if alike_parts is None else pairs_auc(alike_parts, features),
    )


def within_words(features: Labels, examples: Examples) -> float:
    """Mean agreement with the labels among examples of one key token, weighted by their number; NaN without any."""
    scores, weights = [], []
    for word in np.unique(examples.words):
        same = examples.words == word
        if same.sum() >= OF_A_WORD and len(np.unique(examples.labels[same])) > 1:
            scores.append(adjusted_mutual_info_score(examples.labels[same], features[same]))
            weights.append(int(same.sum()))
    return float(np.average(scores, weights=weights)) if scores else float("nan")
