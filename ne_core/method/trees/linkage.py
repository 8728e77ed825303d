"""Average linkage in numpy, for trees computed in the app, which does not load scipy.

Nearest-neighbour chain (Murtagh 1983): go from any cluster to its nearest, from there to its nearest, until two are
each other's nearest; under average linkage these may be joined at once, since no later join comes nearer to either.
Distances to the new cluster are means weighted by size. Joins are then sorted by height and numbered as scipy's are.
"""

import numpy as np
from jaxtyping import Float


def light_tree(cosines: Float[np.ndarray, "n n"]) -> Float[np.ndarray, "m 4"]:
    """Compute `tree` of ne_core/method/trees/cluster.py, bit for bit, without scipy."""
    if len(cosines) < 2:
        return np.zeros((0, 4), dtype=np.float32)
    above = np.triu(1 - cosines.astype(np.float64), 1)
    return average_linkage(above + above.T).astype(np.float32)


def average_linkage(distances: Float[np.ndarray, "n n"]) -> Float[np.ndarray, "m 4"]:
    """Compute scipy's `linkage(…, method="average")` of a symmetric matrix [n n], bit for bit: [n−1 4]."""
    joins = joined(distances.copy())
    return numbered(joins[np.argsort(joins[:, 2], kind="stable")])


def joined(apart: Float[np.ndarray, "n n"]) -> Float[np.ndarray, "m 3"]:
    """Joins in the order of the chain: a row of either cluster, and the height. Overwrites `apart`."""
    n = len(apart)
    np.fill_diagonal(apart, np.inf)
    sizes, joins, chain = np.ones(n), np.empty((n - 1, 3)), []
    for join in joins:
        chain = chain or [int(np.flatnonzero(sizes)[0])]
        left, right = nearest_pair(apart, chain)
        height = apart[left, right]
        join[:] = left, right, height
        between = (sizes[left] * apart[left] + sizes[right] * apart[right]) / (sizes[left] + sizes[right])
        sizes[left], sizes[right] = 0, sizes[left] + sizes[right]
        apart[right] = apart[:, right] = between  # the new cluster takes the place of the right one
        apart[left] = apart[:, left] = np.inf
        apart[right, right] = np.inf
    return joins


def nearest_pair(apart: Float[np.ndarray, "n n"], chain: list[int]) -> tuple[int, int]:
    """Pop two clusters that are each other's nearest from the chain; on ties the previous cluster of the chain wins."""
    while True:
        last = chain[-1]
        nearest = int(apart[last].argmin())
        if len(chain) > 1 and apart[last, chain[-2]] <= apart[last, nearest]:
            break
        chain.append(nearest)
    left, right = sorted(chain[-2:])
    del chain[-2:]
    return left, right


def numbered(joins: Float[np.ndarray, "m 3"]) -> Float[np.ndarray, "m 4"]:
    """Replace rows by node numbers, leaves first, then joins from the lowest up, and add the number of leaves below."""
    n = len(joins) + 1
    node, size = list(range(n)), [1] * n + [0] * (n - 1)
    over = list(range(n))  # row that a row was joined into

    def top(row: int) -> int:
        while over[row] != row:
            over[row] = row = over[over[row]]
        return row

    tree = np.empty((n - 1, 4))
    for k, (left, right, height) in enumerate(joins.tolist()):
        a, b = top(int(left)), top(int(right))
        low, high = sorted((node[a], node[b]))
        size[n + k] = size[low] + size[high]
        tree[k] = low, high, height, size[n + k]
        over[a], node[b] = b, n + k
    return tree
