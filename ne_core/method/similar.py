"""Similar features: exact nearest neighbours by cosine among central examples of other neurons' features, in blocks.

A unit of work is a block of feature rows against all features, so units may run anywhere and in any order. Memory of a
unit: one tile of scores (BLOCK × TILE float32, 16 MB), the tile's vectors, and the candidates; the vectors may stay on
disk, as an `np.memmap` that all processes of a machine share.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.method.trees.cluster import unit

BLOCK = 1024  # feature rows of a unit of work
TILE = 4096  # features compared with a block at a time: their scores fit the cache
# Spaces in which features are compared. `aligned` is the one that layers share (alignment.py), where there are several.
SPACES = {"neuron": "x ⊙ W_in", "pre_mlp": "x", "aligned": "R (x − μ) / σ"}
OF_ONE_LAYER = ("neuron", "pre_mlp")  # spaces that need nothing but a layer's own inputs and weights


def shown_first(spaces: Container[str]) -> str:
    """Return the space in which the pages compare by default, and the map is drawn."""
    return "aligned" if "aligned" in spaces else "pre_mlp"


@dataclass(frozen=True)
class Nearest:
    """Feature numbers and cosines, best first, padded with −1 and NaN."""

    ids: Int[np.ndarray, "n k"]
    cosines: Float[np.ndarray, "n k"]


def nearest(
    vectors: Float[np.ndarray, "n d"],
    neuron: Int[np.ndarray, " n"],
    k: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Nearest:
    """Find the `k` most similar rows of *other* neurons for every row; `neuron` is the neuron of each row.

    A faiss flat index would have to be searched for k + the largest neuron's features, which may be hundreds; masking
    rows of the same neuron before the selection is exact for any size. Ties go to the lower number.
    """
    units, parts = unit(np.asarray(vectors, dtype=np.float32)), []
    for block in blocks(len(units)):
        parts.append(unit_nearest(units, neuron, k, block))
        progress(block.stop, len(units))
    return joined_blocks(parts, k)


def blocks(n: int) -> list[slice]:
    """Divide n features into units: blocks of rows of a fixed size."""
    return [slice(start, min(start + BLOCK, n)) for start in range(0, n, BLOCK)]


def unit_nearest(
    units: Float[np.ndarray, "n d"], owner: Int[np.ndarray, " n"], k: int, block: slice
) -> dict[str, np.ndarray]:
    """Find the `k` nearest of the rows in `block`: `ids` int32 and `cosines` float32, both [rows k], as in `Nearest`.

    `units` have length 1. Raises ValueError unless `owner`, the neuron of each row, is ascending.
    """
    if (owner[1:] < owner[:-1]).any():
        raise ValueError("features must be sorted by neuron to search for similar ones")
    mine, best = np.asarray(units[block]), Best(block.stop - block.start, k)
    for start in range(0, len(units), TILE):
        tile = slice(start, min(start + TILE, len(units)))
        scores = mine @ np.asarray(units[tile]).T
        mask_same_neuron(scores, owner, block, tile)
        best.add(scores, start)
    return best.arrays()


def mask_same_neuron(
    scores: Float[np.ndarray, "rows columns"], owner: Int[np.ndarray, " n"], block: slice, tile: slice
) -> None:
    """Set scores of features of the row's own neuron to −∞; they are between the block's first and last neuron."""
    first = np.searchsorted(owner, owner[block.start], side="left")
    last = np.searchsorted(owner, owner[block.stop - 1], side="right")
    near = slice(max(first, tile.start), max(first, tile.start, min(last, tile.stop)))
    scores[:, near.start - tile.start : near.stop - tile.start][owner[block, None] == owner[near]] = -np.inf


class Best:
    """The k highest scores of each row, over columns added from left to right; ties go to the left.

    Only scores above a bound that k scores of the row reach are candidates, and candidates are sorted when there are
    many: the comparison costs a few hundredths of the matrix product.
    """

    def __init__(self, n_rows: int, k: int):
        self.k, self.n_rows = k, n_rows
        self.row, self.id = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32)
        self.score = np.zeros(0, dtype=np.float32)
        self.bound = np.full(n_rows, -np.inf, dtype=np.float32)

    def add(self, scores: Float[np.ndarray, "n_rows columns"], first: int) -> None:
        """Add scores of the columns from number `first` on; columns must come in order."""
        if scores.shape[1] > self.k and np.isneginf(self.bound).any():
            kth = np.partition(scores, -self.k, axis=1)[:, -self.k]
            self.bound = np.maximum(self.bound, np.nextafter(kth, np.float32(-np.inf)))
        row, column = np.divmod(np.flatnonzero(scores > self.bound[:, None]), scores.shape[1])
        self.row = np.concatenate([self.row, row.astype(np.int32)])
        self.id = np.concatenate([self.id, (column + first).astype(np.int32)])
        self.score = np.concatenate([self.score, scores[row, column]])
        if len(self.row) > 2 * self.k * self.n_rows:
            self.settle()

    def settle(self) -> Int[np.ndarray, " candidates"]:
        """Sort, reduce to the k highest of each row, raise the bounds; return each candidate's rank in its row."""
        order = np.lexsort((self.id, -self.score, self.row))
        row = self.row[order]
        rank = np.arange(len(row)) - np.searchsorted(row, row)
        order, rank = order[rank < self.k], rank[rank < self.k]
        self.row, self.id, self.score = self.row[order], self.id[order], self.score[order]
        last = rank == self.k - 1
        self.bound[self.row[last]] = self.score[last]
        return rank

    def arrays(self) -> dict[str, np.ndarray]:
        """Columns `ids` and `cosines`, best first, padded with −1 and NaN."""
        rank, columns = self.settle(), empty_columns(self.k, self.n_rows)
        columns["ids"][self.row, rank], columns["cosines"][self.row, rank] = self.id, self.score
        return columns


def empty_columns(k: int, n_rows: int) -> dict[str, np.ndarray]:
    """No similar features: −1 and NaN in every place."""
    return {"ids": np.full((n_rows, k), -1, np.int32), "cosines": np.full((n_rows, k), np.nan, np.float32)}


def joined_blocks(parts: Sequence[Mapping[str, np.ndarray]], k: int) -> Nearest:
    """Concatenate the rows of all blocks, in order; no blocks give no rows."""
    every = [empty_columns(k, 0), *parts]
    return Nearest(*(np.concatenate([part[name] for part in every]) for name in ("ids", "cosines")))
