"""What a feature is called: the terms that tell it from the other features of its neuron, without a language model.

Key terms are words that the neuron fires on. With p the share of a feature's examples that have the word as key token
and q that of the neuron's other examples, a word is worth p · p / (p + q): frequent here, and rarer among the siblings.
Where all siblings share a word it is worth half as much and still names them: a name is never empty.

Context terms are words before the key token. Each example is worth the importance of the word to it (its strongest
place; what it holds down counts as nothing), and a word the mean of that over the feature's examples, less the mean
over the neuron's others. Below `CONTEXT_WORTH`, or in only one of several examples, none is named.

Importance is computed for few examples as a rule. Where it was not, a word counts as its mean over the feature's
examples that have it computed, drawn with the weight of one example towards what its distance from the key token lets
expect: `NEAREST` just before it, a quarter of that one token further back (near what the demo atlas has on average).

`python -m precompute evaluate DIR --only names` measures names on examples that were held out. The choices here were
made by it on the demo atlas; others that were tried are told in precompute/evaluate/names.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Num

from ne_core.schema import NAME_CONTEXT, NAME_KEYS
from ne_core.token_text import short

OFTEN = 0.1  # share of a feature's examples that a further term must have
CONTEXT_WORTH = 0.07  # mean importance that a context term must have beyond the siblings'
NEAREST, FARTHER = 0.3, 0.25  # importance to be expected just before the key token, and what is left of it a token on


@dataclass(frozen=True)
class Names:
    """Token ids of the terms that name each group, best first, −1 where there are fewer."""

    keys: Int[np.ndarray, "n_groups 3"]
    context: Int[np.ndarray, "n_groups 2"]


@dataclass(frozen=True)
class Groups:
    """Which rows belong together, and whose they are: groups of one owner are siblings."""

    group: Int[np.ndarray, " n"]
    owner: Int[np.ndarray, " n_groups"]

    def sizes(self) -> Int[np.ndarray, " n_groups"]:
        return np.bincount(self.group, minlength=len(self.owner))

    def rest(self) -> Int[np.ndarray, " n_groups"]:
        """How many rows each group's siblings have."""
        sizes = self.sizes()
        return np.bincount(self.owner, weights=sizes)[self.owner].astype(np.int64) - sizes


@dataclass(frozen=True)
class Terms:
    """The words that occur in groups: one entry for each (group, word), in that order.

    `entry` says where each occurrence was counted.
    """

    group: Int[np.ndarray, " n_terms"]
    word: Int[np.ndarray, " n_terms"]
    entry: Int[np.ndarray, " n_occurrences"]

    def counts(self) -> Int[np.ndarray, " n_terms"]:
        """How often each occurs."""
        return np.bincount(self.entry, minlength=len(self.group))

    def sums(self, values: Num[np.ndarray, " n_occurrences"]) -> Float[np.ndarray, " n_terms"]:
        """Over the occurrences of each."""
        return np.bincount(self.entry, weights=values, minlength=len(self.group)).astype(np.float64)


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
    groups = Groups(np.asarray(group), np.asarray(owner))
    return Names(key_terms(groups, tokens[:, -1], words), context_terms(groups, tokens, importance, words))


def key_terms(
    groups: Groups, token: Int[np.ndarray, " n"], words: Int[np.ndarray, " n_vocab"]
) -> Int[np.ndarray, "n_groups 3"]:
    terms = terms_of(groups.group, words[token], len(words))
    here, among = per_row(groups, terms, terms.counts())
    worth = here * here / (here + among)
    best = np.zeros(len(groups.owner))
    np.maximum.at(best, terms.group, worth)
    fit = (here >= OFTEN) | (worth == best[terms.group])
    return named(groups, terms, token, worth, fit, NAME_KEYS)


def context_terms(
    groups: Groups,
    tokens: Int[np.ndarray, "n back"],
    importance: Float[np.ndarray, "n baselines back"],
    words: Int[np.ndarray, " n_vocab"],
) -> Int[np.ndarray, "n_groups 2"]:
    row, place = np.nonzero(tokens[:, :-1] >= 0)
    token = tokens[row, place]
    measured, known = measured_importance(importance)
    expected = NEAREST * FARTHER ** np.arange(tokens.shape[1] - 2, -1, -1.0)
    worth = np.where(known[row], measured[row, place], expected[place])
    row, token, worth = strongest(row, token, worth, words)
    terms = terms_of(groups.group[row], words[token], len(words))
    here, among = per_row(groups, terms, terms.sums(filled(terms, worth, known[row])))
    size, count = groups.sizes()[terms.group], terms.counts()
    fit = (here - among >= CONTEXT_WORTH) & (count >= OFTEN * size) & ((count > 1) | (size == 1))
    return named(groups, terms, token, here - among, fit, NAME_CONTEXT)


def measured_importance(
    importance: Float[np.ndarray, "n baselines back"],
) -> tuple[Float[np.ndarray, "n back-1"], Bool[np.ndarray, " n"]]:
    """The importance of the tokens before the key token, 0 to 1, the mean over baselines; and where it is known."""
    before = importance[:, :, :-1].astype(np.float32)
    finite = np.isfinite(before)
    total = np.where(finite, before, 0).sum(axis=1)
    return np.clip(total / np.maximum(1, finite.sum(axis=1)), 0, 1), finite.any(axis=(1, 2))


def strongest(row, token, worth, words) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of the occurrences of a word in a row only the one that is worth most."""
    code = row * np.int64(len(words)) + words[token]
    order = np.lexsort((-worth, code))
    first = order[np.flatnonzero(np.diff(code[order], prepend=-1))]
    return row[first], token[first], worth[first]


def filled(
    terms: Terms, worth: Float[np.ndarray, " n_occurrences"], known: Bool[np.ndarray, " n_occurrences"]
) -> Float[np.ndarray, " n_occurrences"]:
    """Where importance is not known: the mean over the group's rows where it is, and the one that was expected."""
    total, count = terms.sums(worth * known), terms.sums(known * 1)
    return np.where(known, worth, (total[terms.entry] + worth) / (count[terms.entry] + 1))


def terms_of(group: Int[np.ndarray, " n"], word: Int[np.ndarray, " n"], n_words: int) -> Terms:
    codes, entry = np.unique(group.astype(np.int64) * n_words + word, return_inverse=True)
    return Terms(codes // max(1, n_words), codes % max(1, n_words), entry)


def per_row(
    groups: Groups, terms: Terms, amount: Num[np.ndarray, " n_terms"]
) -> tuple[Float[np.ndarray, " n_terms"], Float[np.ndarray, " n_terms"]]:
    """How much of each term there is in a row of its group, and in a row of the siblings; 0 without siblings."""
    n_words = 1 + int(terms.word.max(initial=0))
    of_owner = terms_of(groups.owner[terms.group], terms.word, n_words)
    others = of_owner.sums(amount)[of_owner.entry] - amount
    return amount / groups.sizes()[terms.group], others / np.maximum(1, groups.rest()[terms.group])


def named(groups: Groups, terms: Terms, token, worth, fit, k: int) -> Int[np.ndarray, "n_groups {k}"]:
    """The best `k` of the terms that are fit, each as the token that it is most often; ties by that token's id."""
    spelled = commonest(terms, token)
    order = np.lexsort((spelled, -worth, terms.group))
    order = order[fit[order]]
    group = terms.group[order]
    place = np.arange(len(group)) - np.searchsorted(group, group)
    table = np.full((len(groups.owner), k), -1, dtype=np.int32)
    table[group[place < k], place[place < k]] = spelled[order[place < k]]
    return table


def commonest(terms: Terms, token: Int[np.ndarray, " n_occurrences"]) -> Int[np.ndarray, " n_terms"]:
    """The token that most occurrences of each term have, the lowest of several."""
    n_tokens = 1 + int(token.max(initial=0))
    codes, counts = np.unique(terms.entry * np.int64(n_tokens) + token, return_counts=True)
    order = np.lexsort((codes, -counts, codes // n_tokens))
    first = np.flatnonzero(np.diff(codes[order] // n_tokens, prepend=-1))
    return codes[order][first] % n_tokens
