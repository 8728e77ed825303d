"""Inputs of a layer's rows: x of every stored (example, position), once per layer, in corpus order."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from ne_core.errors import AtlasError

BLOCK = 2**13  # inputs checked at a time


def input_index(
    example: Int[np.ndarray, " n_rows"], pos: Int[np.ndarray, " n_rows"]
) -> tuple[Int[np.ndarray, " n_rows"], int]:
    """Rank of each row's (example, position) among the distinct ones, and the number of distinct ones."""
    order = np.lexsort((pos, example))
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(example[order]) != 0) | (np.diff(pos[order]) != 0)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.cumsum(first) - 1
    return rank, int(first.sum())


@dataclass(frozen=True)
class Inputs:
    """Inputs of one layer as on disk, and the example and position of each row."""

    path: Path
    x: Float[np.ndarray, "n_kept d_in"]
    example: Int[np.ndarray, " n_rows"]
    pos: Int[np.ndarray, " n_rows"]

    def of(self, rows: slice) -> Float[np.ndarray, "n d_in"]:
        """Return x at the key tokens of some rows. Raises AtlasError if the number of inputs is wrong."""
        return self.x[self.index[rows]]

    @cached_property
    def index(self) -> Int[np.ndarray, " n_rows"]:
        """Index into `x` of each row."""
        index, n_kept = input_index(self.example, self.pos)
        if len(self.x) != n_kept:
            raise AtlasError(f"{self.path} holds {len(self.x)} inputs, the rows name {n_kept}: build the atlas again")
        return index

    def check(self) -> None:
        """Raise AtlasError unless there is one input for every stored (example, position), all finite."""
        index = self.index  # raises if the number is wrong
        starts = range(0, len(index) and len(self.x), BLOCK)
        if not all(np.isfinite(self.x[start : start + BLOCK]).all() for start in starts):
            raise AtlasError(f"{self.path} holds numbers that are not finite: build the atlas again")
