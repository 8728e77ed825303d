"""Words of groups of examples: the worth of each word in a group and in the rest of its neuron.

Groups may overlap, so all branches of a tree can be groups at once. The result for a group depends on its rows and on
all rows of its neuron, not on how the others are grouped.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int


@dataclass(frozen=True)
class Groups:
    """Rows in groups: `row[i]` is in `group[i]`; `owner` is the neuron of each group, `of_row` that of each row."""

    row: Int[np.ndarray, " n_members"]
    group: Int[np.ndarray, " n_members"]
    owner: Int[np.ndarray, " n_groups"]
    of_row: Int[np.ndarray, " n_rows"]

    @staticmethod
    def parts(group: Int[np.ndarray, " n_rows"], owner: Int[np.ndarray, " n_groups"]) -> "Groups":
        """Build groups that do not overlap, from the group of each row."""
        return Groups(np.arange(len(group)), group, owner, owner[group])

    def sizes(self) -> Int[np.ndarray, " n_groups"]:
        """Number of examples of each group."""
        return np.bincount(self.group, minlength=len(self.owner))

    def rest(self) -> Int[np.ndarray, " n_groups"]:
        """Number of rows of each group's neuron outside the group."""
        of_neuron = np.bincount(self.of_row, minlength=int(self.owner.max(initial=-1)) + 1)
        return of_neuron[self.owner] - self.sizes()

    def members(self, row: Int[np.ndarray, " n"]) -> tuple[Int[np.ndarray, " m"], Int[np.ndarray, " m"]]:
        """Return every pair of an index into `row` and a group that contains the row, as two arrays."""
        order = np.argsort(self.row, kind="stable")
        counts = np.bincount(self.row, minlength=len(self.of_row))
        start = np.cumsum(counts) - counts
        index = np.repeat(np.arange(len(row)), counts[row])
        position = np.arange(len(index)) - np.repeat(np.cumsum(counts[row]) - counts[row], counts[row])
        return index, self.group[order[start[row[index]] + position]]


@dataclass(frozen=True)
class Occurrences:
    """Occurrences of words in rows, each word at most once per row, and the worth of each."""

    row: Int[np.ndarray, " n"]
    token: Int[np.ndarray, " n"]
    word: Int[np.ndarray, " n"]
    worth: Float[np.ndarray, " n"]


@dataclass(frozen=True)
class Terms:
    """Words of each group, by group: rows with the word, and its mean worth per row of the group and elsewhere.

    `token` is the most frequent spelling.
    """

    group: Int[np.ndarray, " n_terms"]
    token: Int[np.ndarray, " n_terms"]
    count: Int[np.ndarray, " n_terms"]
    here: Float[np.ndarray, " n_terms"]
    elsewhere: Float[np.ndarray, " n_terms"]

    def best(
        self, score: Float[np.ndarray, " n_terms"], fit: Bool[np.ndarray, " n_terms"], n_groups: int, k: int
    ) -> Int[np.ndarray, "n_groups {k}"]:
        """Tokens of each group's best `k` terms that are `fit`, padded with −1; ties by token id."""
        order = np.lexsort((self.token, -score, self.group))
        order = order[fit[order]]
        group = self.group[order]
        position = np.arange(len(group)) - np.searchsorted(group, group)
        table = np.full((n_groups, k), -1, dtype=np.int32)
        table[group[position < k], position[position < k]] = self.token[order[position < k]]
        return table


def terms_of(groups: Groups, occurrences: Occurrences) -> Terms:
    """Compute the words of each group; `elsewhere` is the rest of the neuron, 0 if there is none."""
    n_words = 1 + int(occurrences.word.max(initial=0))
    index, group = groups.members(occurrences.row)
    codes, entry = np.unique(group * n_words + occurrences.word[index], return_inverse=True)
    group, word = codes // n_words, codes % n_words
    amount = summed(entry, occurrences.worth[index], len(codes))
    owner_codes, owner_entry = np.unique(
        groups.of_row[occurrences.row] * n_words + occurrences.word, return_inverse=True
    )
    totals = summed(owner_entry, occurrences.worth, len(owner_codes))
    others = totals[np.searchsorted(owner_codes, groups.owner[group] * n_words + word)] - amount
    return Terms(
        group,
        commonest(entry, occurrences.token[index], len(codes)),
        np.bincount(entry, minlength=len(codes)),
        amount / groups.sizes()[group],
        others / np.maximum(1, groups.rest()[group]),
    )


def summed(entry: Int[np.ndarray, " n"], values: Float[np.ndarray, " n"], n: int) -> Float[np.ndarray, " {n}"]:
    """The sum of the values of each entry."""
    return np.bincount(entry, weights=values, minlength=n).astype(np.float64)


def commonest(entry: Int[np.ndarray, " n"], token: Int[np.ndarray, " n"], n: int) -> Int[np.ndarray, " {n}"]:
    """Most frequent token of each entry, the lowest if tied; every entry has at least one."""
    n_tokens = 1 + int(token.max(initial=0))
    codes, counts = np.unique(entry * n_tokens + token, return_counts=True)
    order = np.lexsort((codes, -counts, codes // n_tokens))
    first = np.flatnonzero(np.diff(codes[order] // n_tokens, prepend=-1))
    return codes[order][first] % n_tokens
