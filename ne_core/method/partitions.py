"""Two partitions of the same examples: the examples that their features share, and the adjusted Rand index."""

import numpy as np
from jaxtyping import Float, Int


def holder(feature: Int[np.ndarray, " n"], rows: Int[np.ndarray, " k"]) -> int:
    """Feature with most of these examples, at least one; of several features the one with the lowest number."""
    return int(np.bincount(feature[rows]).argmax())


def in_common(a: Int[np.ndarray, " n"], b: Int[np.ndarray, " n"]) -> Int[np.ndarray, "k_a k_b"]:
    """Number of examples in each feature of `a` and each of `b`, both numbered from 0."""
    counts = np.zeros((int(a.max(initial=-1)) + 1, int(b.max(initial=-1)) + 1), dtype=np.int64)
    np.add.at(counts, (a, b), 1)
    return counts


def adjusted_rand(a: Int[np.ndarray, " n"], b: Int[np.ndarray, " n"]) -> float:
    """Adjusted Rand index (Hubert & Arabie 1985): 1 for the same partition, 0 on average for unrelated ones."""
    counts = in_common(a, b)
    together_in_both, together = (np.asarray(pairs(each).sum()) for each in (counts, counts.sum(axis=1)))
    return float(adjusted(together_in_both, together, counts.sum(axis=0), len(a)))


def pairs(sizes: Int[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Number of pairs within groups of these sizes."""
    return sizes * (sizes - 1) / 2


def adjusted(
    together_in_both: Float[np.ndarray, "*s"], together: Float[np.ndarray, "*s"], sizes: Int[np.ndarray, " k"], n: int
) -> Float[np.ndarray, "*s"]:
    """Adjusted Rand index from the numbers of pairs together in both, and together in the partition.

    1 where no other value is possible, as for partitions of one example.
    """
    of_truth, all_pairs = pairs(sizes).sum(), max(n * (n - 1) / 2, 1)
    expected, maximum = together * of_truth / all_pairs, (together + of_truth) / 2
    room = maximum - expected
    return np.where(room > 0, (together_in_both - expected) / np.where(room > 0, room, 1), 1.0)
