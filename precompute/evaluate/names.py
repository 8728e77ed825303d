"""Evaluate names: held-out examples are assigned to a feature of their neuron by name terms alone.

All neurons with several features have equal weight. Baselines: chance, the largest feature, and the most frequent key
tokens as a name.

Other variants tried on the demo atlas, as the change in accuracy over all layers with everything else unchanged. Key
terms by p, p − q, p · precision, F1 or p · log odds instead of p · p / (p + q): all within 0.001, in another order.
Context terms by importance without regard to siblings: −0.002; by importance × (1 − q/p): 0.000; minimum 0.05 or 0.10
instead of 0.07: −0.003 and −0.005; at most one of them: −0.010; also those of one example among several: +0.007, left
out because they look random to a reader. Match: a context term anywhere in the window instead of near the key token:
−0.011; no penalty for an absent term: −0.028. 8 % of that atlas's examples have importance: a prior of 1 example
instead of 4: −0.002; names made without importance: 0.000.
"""

import numpy as np
from jaxtyping import Bool, Int

from ne_core.atlas import Atlas
from ne_core.method.naming import NAME_CONTEXT, NAME_KEYS, OFTEN, Names, key_occurrences, key_terms, names, word_classes
from ne_core.method.terms import Groups, Terms, terms_of
from precompute.evaluate.held_out import Namer, Rows, assign_held_out, layer_rows
from precompute.evaluate.names_report import Measured, names_report
from precompute.report import Report
from precompute.run.progress import OnProgress, counted, silent

SEED = 0


def evaluate_names(atlas: Atlas, on_progress: OnProgress = silent) -> Report:
    """Return the accuracy of names by layer, as tables and figures."""
    words = word_classes(atlas.vocab)
    layers = {f"layer {layer}": measure(atlas, layer, words) for layer in counted(atlas.layers, on_progress)}
    return names_report(atlas.root.name, layers)


def measure(atlas: Atlas, layer: int, words: Int[np.ndarray, " n_vocab"]) -> Measured:
    """Measure one layer, at the atlas's cut."""
    rows, methods = layer_rows(atlas, layer), namers(words)
    outcomes = assign_held_out(rows, words, methods, SEED)
    unique = {name: unique_among_siblings(namer(rows), rows, words) for name, namer in methods.items()}
    right = {name: outcomes.by_neuron(name) for name in outcomes.right}
    return Measured(len(outcomes.owner), right, outcomes.by_recurrence(), unique)


def namers(words: Int[np.ndarray, " n_vocab"]) -> dict[str, Namer]:
    """Methods of naming that are compared, the atlas's own last."""

    def key_only(choose_terms) -> Namer:
        def namer(rows: Rows) -> Names:
            groups = Groups.parts(rows.group, rows.owner)
            keys = choose_terms(groups, terms_of(groups, key_occurrences(rows.tokens[:, -1], words)))
            return Names(keys, np.full((len(keys), NAME_CONTEXT), -1, dtype=np.int32))

        return namer

    def by_names(rows: Rows) -> Names:
        return names(rows.group, rows.owner, rows.tokens, rows.importance, words)

    return {"labels": key_only(most_frequent), "keys": key_only(key_terms), "names": by_names}


def most_frequent(groups: Groups, terms: Terms) -> Int[np.ndarray, "n_groups 3"]:
    """Most frequent key tokens that enough examples share, without regard to siblings."""
    commonest = np.zeros(len(groups.owner))
    np.maximum.at(commonest, terms.group, terms.here)
    frequent = (terms.here >= OFTEN) | (terms.here == commonest[terms.group])
    return terms.best(terms.here, frequent, len(groups.owner), NAME_KEYS)


def unique_among_siblings(
    names: Names, rows: Rows, words: Int[np.ndarray, " n_vocab"]
) -> Bool[np.ndarray, " n_features"]:
    """Mask of unique names among the features that have siblings; the order of terms does not matter."""
    as_word = np.append(words, -1)
    spelled = np.concatenate([np.sort(as_word[names.keys]), np.sort(as_word[names.context])], axis=1)
    _, name, counts = np.unique(np.column_stack([rows.owner, spelled]), axis=0, return_inverse=True, return_counts=True)
    return (counts[name.reshape(-1)] == 1)[np.bincount(rows.owner)[rows.owner] > 1]
