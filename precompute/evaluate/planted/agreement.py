"""Agreement of distances, and of the partitions of a tree, with known sources."""

import numpy as np
from jaxtyping import Float, Int

from ne_core.method.partitions import adjusted


def pairs_auc(cosines: Float[np.ndarray, "n n"], source: Int[np.ndarray, " n"]) -> float:
    """Probability that a pair of one source is nearer than a pair of two (area under the curve); NaN for one source."""
    from scipy.stats import rankdata

    above = np.triu_indices(len(source), 1)
    same, ranks = source[above[0]] == source[above[1]], rankdata(cosines[above])
    n_same, n_other = int(same.sum()), int((~same).sum())
    if not n_same or not n_other:
        return float("nan")
    return float((ranks[same].sum() - n_same * (n_same + 1) / 2) / (n_same * n_other))


def rand_along(tree: Float[np.ndarray, "m 4"], source: Int[np.ndarray, " m+1"]) -> Float[np.ndarray, " m+1"]:
    """Adjusted Rand index (Hubert & Arabie 1985) after each number of joins, from none to all.

    Pairs are updated join by join and counted once. With a single source it is 1 after the last join, 0 before.
    """
    n, k = len(source), int(source.max()) + 1
    of_node = np.zeros((2 * n - 1, k))
    of_node[np.arange(n), source] = 1
    children = tree[:, :2].astype(np.int64)
    for join, (left, right) in enumerate(children):
        of_node[n + join] = of_node[left] + of_node[right]
    left, right = of_node[children[:, 0]], of_node[children[:, 1]]
    together_in_both = np.append(0, np.cumsum((left * right).sum(axis=1)))
    together = np.append(0, np.cumsum(left.sum(axis=1) * right.sum(axis=1)))
    return adjusted(together_in_both, together, np.bincount(source), n)
