"""Regions of the map: neighbouring features that share a word, and the word that tells them from the rest of the map.

At each level the map is divided into square cells, twice as many per side as at the level before. With p the share of a
cell's features that have the word as most frequent key token and q the share among all other features, a cell is named
by the word with the highest p · p / (p + q), the score of key terms in ne_core/method/naming.py. Adjacent cells with
the same word are one region, at the mean position of its features with the word.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.method.terms import commonest

CELLS = 12  # cells per side of the whole map at the first level
AT_LEAST, SHARE = 4, 0.15  # features with the word in a named cell, and their share of the cell's features
# Regions of each level, those with the most features: the map at magnifications 1, 2, 4, 8, 16 and 32.
MOST = (60, 120, 240, 480, 960, 1500)


@dataclass(frozen=True)
class Regions:
    """Named regions of one level, those with the most features first; `token` is the commonest spelling of the word."""

    x: Float[np.ndarray, " n"]
    y: Float[np.ndarray, " n"]
    token: Int[np.ndarray, " n"]
    count: Int[np.ndarray, " n"]


def regions(
    positions: Float[np.ndarray, "n_features 2"],
    token: Int[np.ndarray, " n_features"],
    words: Int[np.ndarray, " n_vocab"],
    level: int,
) -> Regions:
    """Name the regions of a level; `positions` are 0 to 1, `token` is the most frequent key token of each feature."""
    side = CELLS * 2**level
    cell = np.minimum((positions * side).astype(np.int64), side - 1) @ np.array([1, side])
    word = words[token]
    named = cell_words(cell, word)
    keep = np.flatnonzero(named.get_word(cell) == word)
    region = joined_cells(named, side)[np.searchsorted(named.cell, cell[keep])]
    return largest_regions(positions[keep], token[keep], region, MOST[level])


@dataclass(frozen=True)
class CellWords:
    """Cells that have a name, ascending, and its word."""

    cell: Int[np.ndarray, " n_cells"]
    word: Int[np.ndarray, " n_cells"]

    def get_word(self, cell: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
        """Word of each cell, −1 for one without a name."""
        if not len(self.cell):
            return np.full(len(cell), -1)
        place = np.minimum(np.searchsorted(self.cell, cell), len(self.cell) - 1)
        return np.where(self.cell[place] == cell, self.word[place], -1)


def cell_words(cell: Int[np.ndarray, " n"], word: Int[np.ndarray, " n"]) -> CellWords:
    """Name each cell by its best word, the lowest if tied; cells without a frequent one have no name."""
    n_words, n = 1 + int(word.max(initial=0)), len(cell)
    codes, count = np.unique(cell * n_words + word, return_counts=True)
    cells, words = codes // n_words, codes % n_words
    in_cell = np.bincount(cells, weights=count, minlength=1)[cells] if n else np.zeros(0)
    here = count / in_cell
    elsewhere = (np.bincount(word, minlength=n_words)[words] - count) / np.maximum(n - in_cell, 1)
    score = here * here / (here + elsewhere)
    fit = np.flatnonzero((count >= AT_LEAST) & (here >= SHARE))
    order = fit[np.lexsort((words[fit], -score[fit], cells[fit]))]
    first = order[np.flatnonzero(np.diff(cells[order], prepend=-1))]
    return CellWords(cells[first], words[first])


def joined_cells(named: CellWords, side: int) -> Int[np.ndarray, " n_cells"]:
    """Number the regions: connected named cells with the same word, diagonals included."""
    pairs = [neighbours(named, side, across, up) for across, up in ((1, 0), (-1, 1), (0, 1), (1, 1))]
    one, other = np.concatenate(pairs, axis=1)
    lowest, before = np.arange(len(named.cell)), None
    while before is None or (lowest != before).any():
        before = lowest.copy()
        np.minimum.at(lowest, one, before[other])
        np.minimum.at(lowest, other, before[one])
        lowest = lowest[lowest]
    return np.unique(lowest, return_inverse=True)[1]


def neighbours(named: CellWords, side: int, across: int, up: int) -> Int[np.ndarray, "2 n"]:
    """Return the pairs of named cells with one word of which the second is at this offset from the first."""
    column = named.cell % side + across
    place = np.searchsorted(named.cell, named.cell + across + up * side)
    place = np.minimum(place, max(len(named.cell) - 1, 0))
    same = (named.cell[place] == named.cell + across + up * side) & (named.word[place] == named.word)
    first = np.flatnonzero(same & (column >= 0) & (column < side))
    return np.stack([first, place[first]])


def largest_regions(
    positions: Float[np.ndarray, "n 2"], token: Int[np.ndarray, " n"], region: Int[np.ndarray, " n"], most: int
) -> Regions:
    """Mean position, spelling and size of the `most` largest regions."""
    n = 1 + int(region.max(initial=-1))
    count = np.bincount(region, minlength=n)
    x, y = (np.bincount(region, weights=each, minlength=n) / np.maximum(count, 1) for each in positions.T)
    spelling = commonest(region, token, n)
    order = np.argsort(-count, kind="stable")[:most]
    return Regions(x[order], y[order], spelling[order], count[order])
