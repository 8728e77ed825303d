"""What a feature is called: the terms that tell it from the other features of its neuron, without a language model.

Key terms are words that the neuron fires on. With p the share of a feature's examples that have the word as key token
and q that of the neuron's other examples, a word is worth p · p / (p + q): frequent here, and rarer among the siblings.
Where all siblings share a word it is worth half as much and still names them: a name is never empty.

Context terms are words before the key token. Each example is worth the importance of the word to it (its strongest
place; what it holds down counts as nothing), and a word the mean of that over the feature's examples, less the mean
over the neuron's others. Below `CONTEXT_WORTH`, or in only one of several examples, none is named.

Importance is computed for few examples as a rule. Where it was not, a word counts as its mean over the neuron's
examples that have it computed, drawn with the weight of `DOUBT` examples towards what its distance from the key token
lets expect: `NEAREST` just before it, a quarter of that one token further back (what the demo atlas has on average).

So a name depends on a cluster's examples and on all of its neuron's, not on how the others are cut.

`python -m precompute evaluate DIR --only names` measures names on examples that were held out. The choices here were
made by it on the demo atlas; others that were tried are told in precompute/evaluate/names.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from ne_core.method.nodes import lifetimes, rows_below
from ne_core.method.terms import Found, Groups, Terms, terms_of
from ne_core.text.token_text import short

NAME_KEYS, NAME_CONTEXT = 3, 2  # tokens that a feature's name is made of

OFTEN = 0.1  # share of a feature's examples that a further term must have
CONTEXT_WORTH = 0.07  # mean importance that a context term must have beyond the siblings'
NEAREST, FARTHER = 0.3, 0.25  # importance to be expected just before the key token, and what is left of it a token on
MOST_MEMBERS = 10_000  # examples of all branch points together that are named in one tree; 100 examples make fewer
DOUBT = 4  # examples with computed importance that outweigh that expectation


@dataclass(frozen=True)
class Names:
    """Token ids of the terms that name each group, best first, −1 where there are fewer."""

    keys: Int[np.ndarray, "n_groups 3"]
    context: Int[np.ndarray, "n_groups 2"]


def word_classes(vocab: Sequence[str]) -> Int[np.ndarray, " n_vocab"]:
    """The number of the word that each token is to a reader, who sees neither capitals nor spaces around it."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(short(text).casefold(), len(numbers)) for text in vocab], dtype=np.int64)


def names(
    group: Int[np.ndarray, " n"],
    owner: Int[np.ndarray, " n_groups"],
    tokens: Int[np.ndarray, "n back"],
    importance: Float[np.ndarray, "n baselines back"],
    words: Int[np.ndarray, " n_vocab"],
) -> Names:
    """A name for every group of rows: one neuron's at any cut, or those of many neurons at once.

    `owner` is the neuron of each group; groups may be empty, and have no name then. `tokens` end with the key token, −1
    outside the example; `importance` is as stored, NaN where not computed, and of several baselines the mean counts.
    """
    groups = Groups.parts(np.asarray(group, dtype=np.int64), np.asarray(owner, dtype=np.int64))
    return named(groups, tokens, importance, words)


def node_names(
    tree: Float[np.ndarray, "m 4"],
    tokens: Int[np.ndarray, "m+1 back"],
    importance: Float[np.ndarray, "m+1 baselines back"],
    words: Int[np.ndarray, " n_vocab"],
) -> Names:
    """A name for every node of one neuron's tree, examples first: as `names` would name it at a cut that makes it.

    In a tree of thousands, where branch points hold millions of examples between them, only examples and the branch
    points that live longest have one: those that a moving cut is likely to meet.
    """
    n = len(tree) + 1
    kept = longest_lived(tree, MOST_MEMBERS)
    rows = rows_below(tree, (n + kept).tolist())
    branch = np.repeat(kept, [len(each) for each in rows])
    row = np.concatenate([np.zeros(0, dtype=np.int64), *rows])
    groups = Groups(
        np.concatenate([np.arange(n), row]),
        np.concatenate([np.arange(n), n + branch]),
        np.zeros(2 * n - 1, dtype=np.int64),
        np.zeros(n, dtype=np.int64),
    )
    return named(groups, tokens, importance, words)


def longest_lived(tree: Float[np.ndarray, "m 4"], most: int) -> Int[np.ndarray, " kept"]:
    """Branch points, ascending: as many of those that live longest as hold no more than so many examples in all."""
    order = np.argsort(-lifetimes(tree)[len(tree) + 1 :], kind="stable")
    return np.sort(order[np.cumsum(tree[order, 3]) <= most])


def named(
    groups: Groups,
    tokens: Int[np.ndarray, "n back"],
    importance: Float[np.ndarray, "n baselines back"],
    words: Int[np.ndarray, " n_vocab"],
) -> Names:
    keys = terms_of(groups, found_keys(tokens[:, -1], words))
    context = terms_of(groups, found_context(groups.of_row, tokens, importance, words))
    return Names(key_terms(groups, keys), context_terms(groups, context))


def key_terms(groups: Groups, terms: Terms) -> Int[np.ndarray, "n_groups 3"]:
    score = terms.here * terms.here / (terms.here + terms.elsewhere)
    best = np.zeros(len(groups.owner))
    np.maximum.at(best, terms.group, score)
    fit = (terms.here >= OFTEN) | (score == best[terms.group])
    return terms.best(score, fit, len(groups.owner), NAME_KEYS)


def context_terms(groups: Groups, terms: Terms) -> Int[np.ndarray, "n_groups 2"]:
    score, size = terms.here - terms.elsewhere, groups.sizes()[terms.group]
    enough = (terms.count >= OFTEN * size) & ((terms.count > 1) | (size == 1))
    return terms.best(score, enough & (score >= CONTEXT_WORTH), len(groups.owner), NAME_CONTEXT)


def found_keys(token: Int[np.ndarray, " n"], words: Int[np.ndarray, " n_vocab"]) -> Found:
    return Found(np.arange(len(token)), token, words[token], np.ones(len(token)))


def found_context(
    of_row: Int[np.ndarray, " n"],
    tokens: Int[np.ndarray, "n back"],
    importance: Float[np.ndarray, "n baselines back"],
    words: Int[np.ndarray, " n_vocab"],
) -> Found:
    """The words before the key token, each with its importance or what is to be expected of it."""
    row, place = np.nonzero(tokens[:, :-1] >= 0)
    measured, known = measured_importance(importance)
    expected = NEAREST * FARTHER ** np.arange(tokens.shape[1] - 2, -1, -1.0)
    worth = np.where(known[row], measured[row, place], expected[place])
    token = tokens[row, place]
    found = strongest(Found(row, token, words[token], worth))
    return filled(found, of_row[found.row], known[found.row])


def measured_importance(
    importance: Float[np.ndarray, "n baselines back"],
) -> tuple[Float[np.ndarray, "n back-1"], Bool[np.ndarray, " n"]]:
    """The importance of the tokens before the key token, 0 to 1, the mean over baselines; and where it is known."""
    before = importance[:, :, :-1].astype(np.float32)
    finite = np.isfinite(before)
    total = np.where(finite, before, 0).sum(axis=1)
    return np.clip(total / np.maximum(1, finite.sum(axis=1)), 0, 1), finite.any(axis=(1, 2))


def strongest(found: Found) -> Found:
    """Of the occurrences of a word in a row only the one that is worth most."""
    code = found.row * (1 + int(found.word.max(initial=0))) + found.word
    order = np.lexsort((-found.worth, code))
    first = order[np.flatnonzero(np.diff(code[order], prepend=-1))]
    return Found(found.row[first], found.token[first], found.word[first], found.worth[first])


def filled(found: Found, neuron: Int[np.ndarray, " n"], known: Bool[np.ndarray, " n"]) -> Found:
    """Where importance is not known: the mean over the neuron's rows where it is, and the one that was expected."""
    codes, entry = np.unique(neuron * (1 + int(found.word.max(initial=0))) + found.word, return_inverse=True)
    total = np.bincount(entry, weights=found.worth * known, minlength=len(codes))
    count = np.bincount(entry, weights=known, minlength=len(codes))
    guess = (total[entry] + DOUBT * found.worth) / (count[entry] + DOUBT)
    return replace(found, worth=np.where(known, found.worth, guess))
