"""Words of groups of examples: how much of each there is in a group, and how much in the rest of its neuron.

Groups may overlap, so that all branches of a tree are groups at once. What is said of a group depends on its own rows
and on all rows of its neuron, not on how the others are grouped.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int


@dataclass(frozen=True)
class Groups:
    """`row[i]` belongs to `group[i]`; `owner` is the neuron of each group, `of_row` that of each row."""

    row: Int[np.ndarray, " n_members"]
    group: Int[np.ndarray, " n_members"]
    owner: Int[np.ndarray, " n_groups"]
    of_row: Int[np.ndarray, " n_rows"]

    @staticmethod
    def parts(group: Int[np.ndarray, " n_rows"], owner: Int[np.ndarray, " n_groups"]) -> "Groups":
        """Groups that do not overlap: that of each row."""
        return Groups(np.arange(len(group)), group, owner, owner[group])

    def sizes(self) -> Int[np.ndarray, " n_groups"]:
        return np.bincount(self.group, minlength=len(self.owner))

    def rest(self) -> Int[np.ndarray, " n_groups"]:
        """How many rows of each group's neuron are not in it."""
        of_neuron = np.bincount(self.of_row, minlength=int(self.owner.max(initial=-1)) + 1)
        return of_neuron[self.owner] - self.sizes()

    def members(self, row: Int[np.ndarray, " n"]) -> tuple[Int[np.ndarray, " m"], Int[np.ndarray, " m"]]:
        """Every (index into `row`, group that it belongs to)."""
        order = np.argsort(self.row, kind="stable")
        counts = np.bincount(self.row, minlength=len(self.of_row))
        start = np.cumsum(counts) - counts
        index = np.repeat(np.arange(len(row)), counts[row])
        place = np.arange(len(index)) - np.repeat(np.cumsum(counts[row]) - counts[row], counts[row])
        return index, self.group[order[start[row[index]] + place]]


@dataclass(frozen=True)
class Found:
    """Tokens found in rows, each word once in a row, and what each is worth there."""

    row: Int[np.ndarray, " n"]
    token: Int[np.ndarray, " n"]
    word: Int[np.ndarray, " n"]
    worth: Float[np.ndarray, " n"]


@dataclass(frozen=True)
class Terms:
    """The words of each group, by group: in how many of its rows, and the worth in a row there and in a row elsewhere.

    `token` is how most of them are spelled.
    """

    group: Int[np.ndarray, " n_terms"]
    token: Int[np.ndarray, " n_terms"]
    count: Int[np.ndarray, " n_terms"]
    here: Float[np.ndarray, " n_terms"]
    elsewhere: Float[np.ndarray, " n_terms"]

    def best(
        self, score: Float[np.ndarray, " n_terms"], fit: Bool[np.ndarray, " n_terms"], n_groups: int, k: int
    ) -> Int[np.ndarray, "n_groups {k}"]:
        """The tokens of each group's best `k` terms that are fit, −1 where there are fewer; of equal ones by token."""
        order = np.lexsort((self.token, -score, self.group))
        order = order[fit[order]]
        group = self.group[order]
        place = np.arange(len(group)) - np.searchsorted(group, group)
        table = np.full((n_groups, k), -1, dtype=np.int32)
        table[group[place < k], place[place < k]] = self.token[order[place < k]]
        return table


def terms_of(groups: Groups, found: Found) -> Terms:
    """Elsewhere is the rest of the neuron; 0 where there is none."""
    n_words = 1 + int(found.word.max(initial=0))
    index, group = groups.members(found.row)
    codes, entry = np.unique(group * n_words + found.word[index], return_inverse=True)
    group, word = codes // n_words, codes % n_words
    amount = summed(entry, found.worth[index], len(codes))
    owner_codes, owner_entry = np.unique(groups.of_row[found.row] * n_words + found.word, return_inverse=True)
    totals = summed(owner_entry, found.worth, len(owner_codes))
    others = totals[np.searchsorted(owner_codes, groups.owner[group] * n_words + word)] - amount
    return Terms(
        group,
        commonest(entry, found.token[index], len(codes)),
        np.bincount(entry, minlength=len(codes)),
        amount / groups.sizes()[group],
        others / np.maximum(1, groups.rest()[group]),
    )


def summed(entry: Int[np.ndarray, " n"], values: Float[np.ndarray, " n"], n: int) -> Float[np.ndarray, " {n}"]:
    return np.bincount(entry, weights=values, minlength=n).astype(np.float64)


def commonest(entry: Int[np.ndarray, " n"], token: Int[np.ndarray, " n"], n: int) -> Int[np.ndarray, " {n}"]:
    """The token that most things of each entry have, the lowest of several; every entry has one."""
    n_tokens = 1 + int(token.max(initial=0))
    codes, counts = np.unique(entry * n_tokens + token, return_counts=True)
    order = np.lexsort((codes, -counts, codes // n_tokens))
    first = np.flatnonzero(np.diff(codes[order] // n_tokens, prepend=-1))
    return codes[order][first] % n_tokens
