"""Names of features: terms that distinguish a feature from the others of its neuron, without a language model.

Key terms are words that the neuron fires on. With p the share of a feature's examples that have the word as key token
and q the share of the neuron's other examples, the score of a word is p · p / (p + q): frequent here and rarer among
the siblings. A word that all siblings share scores half as much and still names them: a name is never empty.

Context terms are words before the key token. The score of a word is its mean importance over the feature's examples
(its strongest position in each; negative importance counts as 0), minus the mean over the neuron's other examples.
Words below `CONTEXT_WORTH`, or in only one of several examples, are not used.

Importance is usually computed for a few examples only. For the others a word counts as its mean over the neuron's
examples with importance, shrunk with the weight of `DOUBT` examples towards a prior by distance from the key token:
`NEAREST` just before it, a quarter of that for each token further back (averages of the demo atlas).

So a name depends on a cluster's examples and on all examples of its neuron, not on how the others are cut.

`python -m precompute evaluate DIR --only names` measures names on examples that were held out. The choices here were
made with it on the demo atlas; precompute/evaluate/names.py lists alternatives that were tried.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.method.terms import Groups, Occurrences, Terms, terms_of
from ne_core.method.trees.nodes import lifetimes, rows_below
from ne_core.text.token_text import short

NAME_KEYS, NAME_CONTEXT = 3, 2  # key terms and context terms of a name

OFTEN = 0.1  # minimum share of a feature's examples with a term, except for its best one
CONTEXT_WORTH = 0.07  # minimum score of a context term
NEAREST, FARTHER = 0.3, 0.25  # prior importance just before the key token, and its factor per token further back
MOST_MEMBERS = 10_000  # maximum examples of all named branch points of a tree together; 100 examples have fewer
DOUBT = 4  # weight of the prior, in examples with computed importance


@dataclass(frozen=True)
class Names:
    """Token ids of the terms that name each group, best first, padded with −1."""

    keys: Int[np.ndarray, "n_groups 3"]
    context: Int[np.ndarray, "n_groups 2"]


def word_classes(vocab: Sequence[str]) -> Int[np.ndarray, " n_vocab"]:
    """Word number of each token; tokens that differ only in capitals and surrounding spaces are one word."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(short(text).casefold(), len(numbers)) for text in vocab], dtype=np.int64)


def names(
    group: Int[np.ndarray, " n"],
    owner: Int[np.ndarray, " n_groups"],
    tokens: Int[np.ndarray, "n back"],
    importance: Float[np.ndarray, "n baselines back"],
    words: Int[np.ndarray, " n_vocab"],
) -> Names:
    """Name every group of rows: the features of one neuron at any cut, or of many neurons at once.

    `owner` is the neuron of each group; an empty group gets no name. `tokens` end with the key token, −1 outside the
    example; `importance` is as stored, NaN where not computed, averaged over baselines.
    """
    groups = Groups.parts(np.asarray(group, dtype=np.int64), np.asarray(owner, dtype=np.int64))
    return group_names(groups, tokens, importance, words)


def node_names(
    tree: Float[np.ndarray, "m 4"],
    tokens: Int[np.ndarray, "m+1 back"],
    importance: Float[np.ndarray, "m+1 baselines back"],
    words: Int[np.ndarray, " n_vocab"],
) -> Names:
    """Name every node of one neuron's tree, examples first, as `names` does at a cut where the node is a feature.

    In a tree of thousands of examples only the examples and the branch points with the longest lifetimes are named:
    those that a moving cut is likely to meet.
    """
    n = len(tree) + 1
    selected = longest_lived(tree, MOST_MEMBERS)
    rows = rows_below(tree, (n + selected).tolist())
    branch = np.repeat(selected, [len(each) for each in rows])
    row = np.concatenate([np.zeros(0, dtype=np.int64), *rows])
    groups = Groups(
        np.concatenate([np.arange(n), row]),
        np.concatenate([np.arange(n), n + branch]),
        np.zeros(2 * n - 1, dtype=np.int64),
        np.zeros(n, dtype=np.int64),
    )
    return group_names(groups, tokens, importance, words)


def longest_lived(tree: Float[np.ndarray, "m 4"], most: int) -> Int[np.ndarray, " selected"]:
    """Select the branch points with the longest lifetimes that hold at most `most` examples in all, ascending."""
    order = np.argsort(-lifetimes(tree)[len(tree) + 1 :], kind="stable")
    return np.sort(order[np.cumsum(tree[order, 3]) <= most])


def group_names(
    groups: Groups,
    tokens: Int[np.ndarray, "n back"],
    importance: Float[np.ndarray, "n baselines back"],
    words: Int[np.ndarray, " n_vocab"],
) -> Names:
    """The terms of every group's name."""
    keys = terms_of(groups, key_occurrences(tokens[:, -1], words))
    context = terms_of(groups, context_occurrences(groups.of_row, tokens, importance, words))
    return Names(key_terms(groups, keys), context_terms(groups, context))


def key_terms(groups: Groups, terms: Terms) -> Int[np.ndarray, "n_groups 3"]:
    """The key terms of every group, −1 where it has fewer."""
    score = terms.here * terms.here / (terms.here + terms.elsewhere)
    best = np.zeros(len(groups.owner))
    np.maximum.at(best, terms.group, score)
    fit = (terms.here >= OFTEN) | (score == best[terms.group])
    return terms.best(score, fit, len(groups.owner), NAME_KEYS)


def context_terms(groups: Groups, terms: Terms) -> Int[np.ndarray, "n_groups 2"]:
    """The context terms of every group, −1 where it has fewer."""
    score, size = terms.here - terms.elsewhere, groups.sizes()[terms.group]
    enough = (terms.count >= OFTEN * size) & ((terms.count > 1) | (size == 1))
    return terms.best(score, enough & (score >= CONTEXT_WORTH), len(groups.owner), NAME_CONTEXT)


def key_occurrences(token: Int[np.ndarray, " n"], words: Int[np.ndarray, " n_vocab"]) -> Occurrences:
    """The key token of every example as a term."""
    return Occurrences(np.arange(len(token)), token, words[token], np.ones(len(token)))


def context_occurrences(
    of_row: Int[np.ndarray, " n"],
    tokens: Int[np.ndarray, "n back"],
    importance: Float[np.ndarray, "n baselines back"],
    words: Int[np.ndarray, " n_vocab"],
) -> Occurrences:
    """Occurrences of the words before the key token, each worth its importance or an estimate of it."""
    row, position = np.nonzero(tokens[:, :-1] >= 0)
    measured, known = measured_importance(importance)
    expected = NEAREST * FARTHER ** np.arange(tokens.shape[1] - 2, -1, -1.0)
    worth = np.where(known[row], measured[row, position], expected[position])
    token = tokens[row, position]
    occurrences = strongest(Occurrences(row, token, words[token], worth))
    return estimated(occurrences, of_row[occurrences.row], known[occurrences.row])


def measured_importance(
    importance: Float[np.ndarray, "n baselines back"],
) -> tuple[Float[np.ndarray, "n back-1"], Bool[np.ndarray, " n"]]:
    """Importance of the tokens before the key token, 0 to 1, averaged over baselines; and a mask of the known rows."""
    before = importance[:, :, :-1].astype(np.float32)
    finite = np.isfinite(before)
    total = np.where(finite, before, 0).sum(axis=1)
    return np.clip(total / np.maximum(1, finite.sum(axis=1)), 0, 1), finite.any(axis=(1, 2))


def strongest(occurrences: Occurrences) -> Occurrences:
    """Reduce the occurrences of a word in a row to the one that is worth most."""
    code = occurrences.row * (1 + int(occurrences.word.max(initial=0))) + occurrences.word
    order = np.lexsort((-occurrences.worth, code))
    first = order[np.flatnonzero(np.diff(code[order], prepend=-1))]
    return Occurrences(
        occurrences.row[first], occurrences.token[first], occurrences.word[first], occurrences.worth[first]
    )


def estimated(occurrences: Occurrences, neuron: Int[np.ndarray, " n"], known: Bool[np.ndarray, " n"]) -> Occurrences:
    """Replace unknown importances by the mean over the neuron's rows with known ones, shrunk towards the prior."""
    codes, entry = np.unique(
        neuron * (1 + int(occurrences.word.max(initial=0))) + occurrences.word, return_inverse=True
    )
    total = np.bincount(entry, weights=occurrences.worth * known, minlength=len(codes))
    count = np.bincount(entry, weights=known, minlength=len(codes))
    guess = (total[entry] + DOUBT * occurrences.worth) / (count[entry] + DOUBT)
    return replace(occurrences, worth=np.where(known, occurrences.worth, guess))
