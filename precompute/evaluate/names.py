"""Do names tell features from their siblings? Held-out examples are given to a feature by name terms alone.

Every neuron with several features counts alike. Held against chance, against always taking the largest feature, and
against the label that features had before they had names: their most frequent key tokens.

What else was tried on the demo atlas, as the change in accuracy over all layers with everything else left alone. Key
terms by p, p − q, p · precision, F1 or p · log odds instead of p · p / (p + q): all within 0.001, in another order.
Context terms by importance without regard to siblings: −0.002; by importance × (1 − q/p): 0.000; worth 0.05 or 0.10
instead of 0.07 at least: −0.003 and −0.005; one of them at most: −0.010; also those of one example among several:
+0.007, left out because to a reader they are chance. The match: a context term anywhere in the window instead of near:
−0.011; nothing lost for an absent term: −0.028. Of that atlas's examples 8 % have importance computed: a doubt of 1
example instead of 4: −0.002; names made as if none were computed: 0.000.
"""

import numpy as np
from jaxtyping import Bool, Int

from ne_core.atlas import Atlas
from ne_core.method.naming import NAME_CONTEXT, NAME_KEYS, OFTEN, Names, key_occurrences, key_terms, names, word_classes
from ne_core.method.terms import Groups, Terms, terms_of
from precompute.evaluate.held_out import Namer, Rows, held_out, layer_rows
from precompute.evaluate.names_report import Measured, names_report
from precompute.report import Report
from precompute.run.progress import OnProgress, counted, silent

SEED = 0


def evaluate_names(atlas: Atlas, on_progress: OnProgress = silent) -> Report:
    words = word_classes(atlas.vocab)
    layers = {f"layer {layer}": measured(atlas, layer, words) for layer in counted(atlas.layers, on_progress)}
    return names_report(atlas.root.name, layers)


def measured(atlas: Atlas, layer: int, words: Int[np.ndarray, " n_vocab"]) -> Measured:
    """One layer, at the atlas's cut."""
    rows, ways = layer_rows(atlas, layer), namers(words)
    outcomes = held_out(rows, words, ways, SEED)
    unique = {name: unique_among_siblings(namer(rows), rows, words) for name, namer in ways.items()}
    return Measured(len(outcomes.owner), {name: outcomes.by_neuron(name) for name in outcomes.right}, unique)


def namers(words: Int[np.ndarray, " n_vocab"]) -> dict[str, Namer]:
    """The ways to name that are compared, the names of the atlas last."""

    def key_only(make) -> Namer:
        def namer(rows: Rows) -> Names:
            groups = Groups.parts(rows.group, rows.owner)
            keys = make(groups, terms_of(groups, key_occurrences(rows.tokens[:, -1], words)))
            return Names(keys, np.full((len(keys), NAME_CONTEXT), -1, dtype=np.int32))

        return namer

    def both(rows: Rows) -> Names:
        return names(rows.group, rows.owner, rows.tokens, rows.importance, words)

    return {"labels": key_only(most_frequent), "keys": key_only(key_terms), "names": both}


def most_frequent(groups: Groups, terms: Terms) -> Int[np.ndarray, "n_groups 3"]:
    """The label without regard to siblings: the commonest key tokens that enough of the examples have."""
    commonest = np.zeros(len(groups.owner))
    np.maximum.at(commonest, terms.group, terms.here)
    fit = (terms.here >= OFTEN) | (terms.here == commonest[terms.group])
    return terms.best(terms.here, fit, len(groups.owner), NAME_KEYS)


def unique_among_siblings(
    names: Names, rows: Rows, words: Int[np.ndarray, " n_vocab"]
) -> Bool[np.ndarray, " n_features"]:
    """Of the features that have siblings: which have a name of their own, whatever the order of its terms."""
    as_word = np.append(words, -1)
    spelled = np.concatenate([np.sort(as_word[names.keys]), np.sort(as_word[names.context])], axis=1)
    _, name, counts = np.unique(np.column_stack([rows.owner, spelled]), axis=0, return_inverse=True, return_counts=True)
    return (counts[name.reshape(-1)] == 1)[np.bincount(rows.owner)[rows.owner] > 1]
