"""The suggested cut of a tree, or none: a wide gap between branch points, else a fixed share of the background.

The background is the mean distance of the examples to other inputs of the layer: examples that join above it have no
more in common than any two inputs. Where no gap below it is wide, the cut is a share of it that was calibrated on
planted neurons. If a small move of the cut changes the number of features twofold, there is no clear cut.
docs/meanings.md has the figures: how the rule was chosen, how stable it is, and what it recovers.
"""

import numpy as np
from jaxtyping import Float

from ne_core.method.trees.nodes import features_at_cuts, heights_below, widest_of

WIDE = 0.2  # width of a wide gap, as a share of the background
SHARES = {"standardised": 0.94, "whitened": 0.96}  # the cut without one, by embedding in which the rule is reliable
MOVED = 0.01  # a move of the cut that must not change the number of features twofold


def clear_cut(tree: Float[np.ndarray, "m 4"], background: float, share: float) -> float | None:
    """Return the suggested cut, to three digits, or None: too few examples, no background, or no clear cut."""
    n, background = len(tree) + 1, float(np.float32(background))  # as stored
    if n < 2 or not background > 0:
        return None
    width, middle = widest_of(heights_below(tree, background), n)
    cut = round(middle if width >= WIDE * background else share * background, 3)
    fewest, most = features_at_cuts(tree, np.array([cut + MOVED, cut - MOVED])).tolist()
    if most >= 2 * fewest or features_at_cuts(tree, np.array([cut]))[0] > n / 2:
        return None
    return cut


def suggested_cut(tree: Float[np.ndarray, "m 4"], background: float, embedding: str) -> float | None:
    """Return the clear cut of a tree in an embedding; None in one in which the rule is not reliable."""
    return clear_cut(tree, background, SHARES[embedding]) if embedding in SHARES else None
