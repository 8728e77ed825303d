"""The tokens around a position: where a window starts and ends, sliced and padded once, here."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int, Shaped


@dataclass(frozen=True)
class Window:
    """`back` positions up to and including the key token, then `forward` after it."""

    back: int
    forward: int

    @property
    def size(self) -> int:
        return self.back + self.forward

    @property
    def key(self) -> int:
        """Where in the window the key token stands."""
        return self.back - 1

    def positions(self, pos: Int[np.ndarray, " n"]) -> Int[np.ndarray, "n window"]:
        """The positions each window covers; some may lie outside the example."""
        return np.asarray(pos)[:, None] + np.arange(1 - self.back, self.forward + 1)

    def slice(
        self,
        values: Shaped[np.ndarray, "n_examples n_ctx"],
        lengths: Int[np.ndarray, " n_examples"],
        example: Int[np.ndarray, " n"],
        pos: Int[np.ndarray, " n"],
        fill,
    ) -> Shaped[np.ndarray, "n window"]:
        """`values` around (example, pos), `fill` where the example has no such position."""
        at = self.positions(pos)
        inside = (at >= 0) & (at < lengths[example][:, None])
        return np.where(inside, values[np.asarray(example)[:, None], np.where(inside, at, 0)], fill)
