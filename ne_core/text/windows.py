"""Windows of tokens around a position: bounds, slicing and padding."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int, Shaped


@dataclass(frozen=True)
class Window:
    """Window of `back` positions up to and including the key token, and `forward` positions after it."""

    back: int
    forward: int

    @property
    def size(self) -> int:
        """Tokens of the window."""
        return self.back + self.forward

    @property
    def key(self) -> int:
        """Index of the key token in the window."""
        return self.back - 1

    def positions(self, pos: Int[np.ndarray, " n"]) -> Int[np.ndarray, "n window"]:
        """Positions that each window covers; some may be outside the example."""
        return np.asarray(pos)[:, None] + np.arange(1 - self.back, self.forward + 1)

    def slice(
        self,
        values: Shaped[np.ndarray, "n_examples n_ctx"],
        lengths: Int[np.ndarray, " n_examples"],
        example: Int[np.ndarray, " n"],
        pos: Int[np.ndarray, " n"],
        fill,
    ) -> Shaped[np.ndarray, "n window"]:
        """Slice `values` around (example, pos), with `fill` at positions outside the example."""
        positions = self.positions(pos)
        inside = (positions >= 0) & (positions < lengths[example][:, None])
        return np.where(inside, values[np.asarray(example)[:, None], np.where(inside, positions, 0)], fill)
