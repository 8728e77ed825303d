"""Similar features: nearest by cosine among the central examples of other neurons' features, exactly, in blocks.

A unit of work is a block of feature rows against all features, so that units may be done anywhere and in any order.
Memory of a unit: one tile of scores (BLOCK × TILE float32, 16 MB), the tile's vectors, and the candidates kept; the
vectors may stay on disk, as an `np.memmap` that all processes of a machine share.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.method.cluster import unit

BLOCK = 1024  # feature rows of a unit of work
TILE = 4096  # features that a block meets at once: their scores are looked through while they are in the cache
SPACES = {"neuron": "x ⊙ W_in", "pre_mlp": "x"}  # in which features are compared


@dataclass(frozen=True)
class Nearest:
    """Feature numbers and cosines, best first; −1 and NaN where there are fewer than `k` others."""

    ids: Int[np.ndarray, "n k"]
    cosines: Float[np.ndarray, "n k"]


def nearest(
    vectors: Float[np.ndarray, "n d"],
    neuron: Int[np.ndarray, " n"],
    k: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Nearest:
    """The `k` most similar rows of *other* neurons, for every row; `neuron` numbers the neuron that a row belongs to.

    A faiss flat index searched for more than k + the largest neuron's features would also do, but one neuron may own
    hundreds; masking a block's own neurons before the selection is exact for any size. Ties go to the lower number.
    """
    units, parts = unit(np.asarray(vectors, dtype=np.float32)), []
    for block in blocks(len(units)):
        parts.append(unit_nearest(units, neuron, k, block))
        progress(block.stop, len(units))
    return together(parts, k)


def blocks(n: int) -> list[slice]:
    """The units of n features: blocks of rows, of a size that nothing changes."""
    return [slice(start, min(start + BLOCK, n)) for start in range(0, n, BLOCK)]


def unit_nearest(
    units: Float[np.ndarray, "n d"], owner: Int[np.ndarray, " n"], k: int, block: slice
) -> dict[str, np.ndarray]:
    """The `k` nearest of the rows in `block`: `ids` int32 and `cosines` float32, both [rows k], as in `Nearest`.

    `units` are of length 1. Raises ValueError when the rows of a neuron do not stand together, `owner` ascending.
    """
    if (owner[1:] < owner[:-1]).any():
        raise ValueError("similar features are searched among features sorted by neuron; these are not")
    mine, best = np.asarray(units[block]), Best(block.stop - block.start, k)
    for start in range(0, len(units), TILE):
        tile = slice(start, min(start + TILE, len(units)))
        scores = mine @ np.asarray(units[tile]).T
        hide_own(scores, owner, block, tile)
        best.add(scores, start)
    return best.arrays()


def hide_own(
    scores: Float[np.ndarray, "rows columns"], owner: Int[np.ndarray, " n"], block: slice, tile: slice
) -> None:
    """−∞ where a row meets a feature of its own neuron; only columns between the block's first and last neuron can."""
    first = np.searchsorted(owner, owner[block.start], side="left")
    last = np.searchsorted(owner, owner[block.stop - 1], side="right")
    near = slice(max(first, tile.start), max(first, tile.start, min(last, tile.stop)))
    scores[:, near.start - tile.start : near.stop - tile.start][owner[block, None] == owner[near]] = -np.inf


class Best:
    """The k highest scores of each row, over columns that arrive from left to right; ties go to the left.

    Only scores above a bound, which k scores of the row are known to reach, are kept, and sorted when they are many:
    looking once at every score costs a few hundredths of the product that made them.
    """

    def __init__(self, n_rows: int, k: int):
        self.k, self.n_rows = k, n_rows
        self.row, self.id = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32)
        self.score = np.zeros(0, dtype=np.float32)
        self.bound = np.full(n_rows, -np.inf, dtype=np.float32)

    def add(self, scores: Float[np.ndarray, "n_rows columns"], first: int) -> None:
        """Scores of the columns from number `first` on, which come after those that came before."""
        if scores.shape[1] > self.k and np.isneginf(self.bound).any():
            kth = np.partition(scores, -self.k, axis=1)[:, -self.k]
            self.bound = np.maximum(self.bound, np.nextafter(kth, np.float32(-np.inf)))
        row, column = np.divmod(np.flatnonzero(scores > self.bound[:, None]), scores.shape[1])
        self.row = np.concatenate([self.row, row.astype(np.int32)])
        self.id = np.concatenate([self.id, (column + first).astype(np.int32)])
        self.score = np.concatenate([self.score, scores[row, column]])
        if len(self.row) > 2 * self.k * self.n_rows:
            self.settle()

    def settle(self) -> Int[np.ndarray, " kept"]:
        """Keep the k highest of each row, sorted; returns each one's place in its row. A full row's last is a bound."""
        order = np.lexsort((self.id, -self.score, self.row))
        row = self.row[order]
        place = np.arange(len(row)) - np.searchsorted(row, row)
        order, place = order[place < self.k], place[place < self.k]
        self.row, self.id, self.score = self.row[order], self.id[order], self.score[order]
        last = place == self.k - 1
        self.bound[self.row[last]] = self.score[last]
        return place

    def arrays(self) -> dict[str, np.ndarray]:
        """`ids` and `cosines`, best first; −1 and NaN where fewer than k scores are above −∞."""
        place, found = self.settle(), nothing(self.k, self.n_rows)
        found["ids"][self.row, place], found["cosines"][self.row, place] = self.id, self.score
        return found


def nothing(k: int, n_rows: int) -> dict[str, np.ndarray]:
    return {"ids": np.full((n_rows, k), -1, np.int32), "cosines": np.full((n_rows, k), np.nan, np.float32)}


def together(parts: Sequence[Mapping[str, np.ndarray]], k: int) -> Nearest:
    """All rows from those of each block, in the order of the blocks; of no blocks, no rows."""
    every = [nothing(k, 0), *parts]
    return Nearest(*(np.concatenate([part[name] for part in every]) for name in ("ids", "cosines")))
