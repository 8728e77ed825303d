"""Rules that suggest a cut: of a tree, its cosines, and how far its examples are from others of the layer.

They are compared by how well they give planted counts back (docs/meanings.md). A rule's cut above the root says: one
feature.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ne_core.method.cluster import cut, similarities, tree
from ne_core.method.nodes import suggested_cut, widest_gap

REFERENCES, MOST = 5, 12  # of the gap statistic: reference sets, and clusters that are looked at
NULL_QUANTILE, NULL_SHARE = 0.05, 0.8


@dataclass(frozen=True)
class Case:
    """One neuron's examples in one space; `apart` holds the distances between them and other inputs of the layer."""

    embeddings: Float[np.ndarray, "n d"]
    cosines: Float[np.ndarray, "n n"]
    tree: Float[np.ndarray, "m 4"]
    apart: Float[np.ndarray, "n other"]

    def between(self, k: int) -> float:
        """The middle of the cuts that give k features; above the root for one."""
        heights = self.tree[:, 2].astype(np.float64)
        return float(heights[len(heights) - k : len(heights) - k + 2].mean()) if k > 1 else float(heights[-1])


def widest(case: Case) -> float:
    """The partition that lasts longest, of those with two features or more."""
    found = widest_gap(case.tree)
    return case.between(1) if found is None else found


def below_background(case: Case) -> float:
    """The same, but heights end at the mean distance to other inputs, and one feature may last longest too."""
    found = suggested_cut(case.tree, float(case.apart.mean()))
    return case.between(1) if found is None else found


def null_quantile(case: Case) -> float:
    """Below nearly all of the distances to other inputs."""
    return float(np.quantile(case.apart, NULL_QUANTILE))


def share_of_null(case: Case) -> float:
    return NULL_SHARE * float(case.apart.mean())


def silhouette(case: Case) -> float:
    """The highest mean silhouette (Rousseeuw 1987), which one feature has none of."""
    from sklearn.metrics import silhouette_score

    distances = 1 - case.cosines.astype(np.float64)
    np.fill_diagonal(distances, 0)
    counts = range(2, min(MOST, len(distances) // 2) + 1)
    parts = {k: cut(case.tree, case.between(k)) for k in counts}
    scores = {k: silhouette_score(distances, part, metric="precomputed") for k, part in parts.items() if part.max() > 0}
    return case.between(max(scores, key=scores.__getitem__)) if scores else case.between(1)


def gap_statistic(case: Case) -> float:
    """The fewest features whose gap is within an error of the next one's (Tibshirani, Walther & Hastie 2001).

    Reference sets have each coordinate of the embeddings in an order of its own: the same spread without clusters.
    """
    rng, n = np.random.default_rng(0), len(case.cosines)
    counts = np.arange(1, min(MOST, n // 2) + 1)
    spread = within(case.cosines, case.tree, counts)
    references = []
    for _ in range(REFERENCES):
        cosines = similarities(rng.permuted(case.embeddings, axis=0))
        references.append(within(cosines, tree(cosines), counts))
    gaps = np.mean(references, axis=0) - spread
    errors = np.std(references, axis=0) * np.sqrt(1 + 1 / REFERENCES)
    enough = np.append(gaps[:-1] >= gaps[1:] - errors[1:], True)
    return case.between(int(counts[enough.argmax()]))


def within(
    cosines: Float[np.ndarray, "n n"], tree: Float[np.ndarray, "m 4"], counts: np.ndarray
) -> Float[np.ndarray, " counts"]:
    """The logarithm of the sum over clusters of mean distances to their members, for each number of clusters."""
    from scipy.cluster.hierarchy import cut_tree

    distances, found = 1 - cosines.astype(np.float64), []
    for labels in cut_tree(tree.astype(np.float64), n_clusters=counts).T:
        member = np.eye(labels.max() + 1)[labels]
        sums = np.einsum("ik,ij,jk->k", member, distances, member, optimize=True)
        found.append(np.log(max((sums / (2 * member.sum(axis=0))).sum(), 1e-12)))
    return np.array(found)


RULES: dict[str, Callable[[Case], float]] = {
    "widest gap": widest,
    "gap below background": below_background,
    "silhouette": silhouette,
    "gap statistic": gap_statistic,
    "5 % of background": null_quantile,
    "0.8 of background": share_of_null,
}
SUGGESTED = "gap below background"  # what ne_core/method/nodes.py suggests
