"""Cuts at which spaces can be compared: an equal number of testable features, or of all features.

Trees in different spaces split off different numbers of outliers, so cuts with an equal number of features leave
different numbers of testable (large) ones. `testable_cut` counts only those.
"""

import numpy as np
from jaxtyping import Float, Int

from ne_core.method.trees.cluster import child_pairs, cut


def partition(tree: Float[np.ndarray, "m 4"], merges: int) -> Int[np.ndarray, " m+1"]:
    """Feature of each example after the given number of merges, even if several have the same height."""
    by_order = tree.copy()
    by_order[:, 2] = np.arange(len(tree))
    return cut(by_order, merges - 1.0)


def cut_to(tree: Float[np.ndarray, "m 4"], k: int) -> Int[np.ndarray, " m+1"] | None:
    """Cut into k features; None for fewer than k examples."""
    n = len(tree) + 1
    return partition(tree, n - k) if n >= k else None


def testable_cut(tree: Float[np.ndarray, "m 4"], k: int, min_size: int) -> Int[np.ndarray, " m+1"] | None:
    """Cut with exactly k features of at least `min_size` examples; of several, the one that covers most examples.

    Of those with equal coverage, the lowest. None if there is no such cut.
    """
    n, best, best_covered = len(tree) + 1, None, 0
    sizes, large, covered = [1] * n, n * (min_size <= 1), n * (min_size <= 1)
    for merges, (left, right) in enumerate(child_pairs(tree)):
        size = sizes[left] + sizes[right]
        for joined, sign in ((sizes[left], -1), (sizes[right], -1), (size, 1)):
            large += sign * (joined >= min_size)
            covered += sign * joined * (joined >= min_size)
        sizes.append(size)
        if large == k and covered > best_covered:
            best, best_covered = merges + 1, covered
    return None if best is None else partition(tree, best)
