"""The inputs behind the rows of a layer: x of every kept (example, position) stands in a file once, in corpus order."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from ne_core.errors import AtlasError

BLOCK = 2**13  # inputs looked at together


def places(
    example: Int[np.ndarray, " n_rows"], pos: Int[np.ndarray, " n_rows"]
) -> tuple[Int[np.ndarray, " n_rows"], int]:
    """The rank of each row's (example, position) among those that differ, and how many of them there are."""
    order = np.lexsort((pos, example))
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(example[order]) != 0) | (np.diff(pos[order]) != 0)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.cumsum(first) - 1
    return place, int(first.sum())


@dataclass(frozen=True)
class Inputs:
    """One layer's inputs, as they lie on disk, and the rows that they were kept for."""

    path: Path
    x: Float[np.ndarray, "n_kept d_in"]
    example: Int[np.ndarray, " n_rows"]
    pos: Int[np.ndarray, " n_rows"]

    def of(self, rows: slice) -> Float[np.ndarray, "n d_in"]:
        """The inputs at the key tokens of some rows. Raises AtlasError where not as many are there as were kept."""
        return self.x[self.place[rows]]

    @cached_property
    def place(self) -> Int[np.ndarray, " n_rows"]:
        """Where in `x` each row's input stands."""
        place, n_kept = places(self.example, self.pos)
        if len(self.x) != n_kept:
            raise AtlasError(f"{self.path} holds {len(self.x)} inputs, the rows name {n_kept}: build the atlas again")
        return place

    def check(self) -> None:
        """Raise AtlasError unless there is one for every kept (example, position), all finite."""
        place = self.place  # which raises where the count is wrong
        starts = range(0, len(place) and len(self.x), BLOCK)
        if not all(np.isfinite(self.x[start : start + BLOCK]).all() for start in starts):
            raise AtlasError(f"{self.path} holds numbers that are not finite: build the atlas again")
