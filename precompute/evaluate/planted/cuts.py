"""Rules that suggest a cut from a tree, its cosines, and the distances of its examples to other inputs of the layer.

docs/meanings.md compares how well they recover planted counts. A cut above the root means one feature, as does NaN,
no clear cut, in tables of all plantings.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ne_core.method.embeddings import DEFAULT
from ne_core.method.trees.clear_cut import SHARES, clear_cut
from ne_core.method.trees.cluster import cut, similarities, tree
from ne_core.method.trees.nodes import gap_below, widest_gap

REFERENCES, MOST = 5, 12  # of the gap statistic: reference sets, and the largest number of clusters
NULL_QUANTILE, NULL_SHARE, FIXED_SHARE = 0.05, 0.8, SHARES[DEFAULT]


@dataclass(frozen=True)
class Case:
    """One neuron's examples in one space; `background_distances` holds their distances to other inputs of the layer."""

    embeddings: Float[np.ndarray, "n d"]
    cosines: Float[np.ndarray, "n n"]
    tree: Float[np.ndarray, "m 4"]
    background_distances: Float[np.ndarray, "n other"]
    space: str = DEFAULT

    @property
    def background(self) -> float:
        return float(self.background_distances.mean())

    def between(self, k: int) -> float:
        """Middle of the cuts that give k features; the root's height for one feature."""
        heights = self.tree[:, 2].astype(np.float64)
        return float(heights[len(heights) - k : len(heights) - k + 2].mean()) if k > 1 else float(heights[-1])


def widest(case: Case) -> float:
    """Partition with the widest gap of heights, among those with two features or more."""
    gap_cut = widest_gap(case.tree)
    return case.between(1) if gap_cut is None else gap_cut


def below_background(case: Case) -> float:
    """The widest gap with heights that end at the mean distance to other inputs; one feature is a candidate too."""
    gap_cut = gap_below(case.tree, case.background)
    return case.between(1) if gap_cut is None else gap_cut


def null_quantile(case: Case) -> float:
    """A low quantile of the distances to other inputs."""
    return float(np.quantile(case.background_distances, NULL_QUANTILE))


def share_of_null(case: Case) -> float:
    return NULL_SHARE * case.background


def clear(case: Case) -> float:
    """The rule in use, in a space that has no share of its own with that of the default; NaN without a clear cut."""
    suggested = clear_cut(case.tree, case.background, SHARES.get(case.space, FIXED_SHARE))
    return float("nan") if suggested is None else suggested


def calibrated_share(case: Case) -> float:
    """The cut in use where no gap is wide."""
    return FIXED_SHARE * case.background


def silhouette(case: Case) -> float:
    """Partition with the highest mean silhouette (Rousseeuw 1987), which is not defined for one feature."""
    from sklearn.metrics import silhouette_score

    distances = 1 - case.cosines.astype(np.float64)
    np.fill_diagonal(distances, 0)
    counts = range(2, min(MOST, len(distances) // 2) + 1)
    parts = {k: cut(case.tree, case.between(k)) for k in counts}
    scores = {k: silhouette_score(distances, part, metric="precomputed") for k, part in parts.items() if part.max() > 0}
    return case.between(max(scores, key=scores.__getitem__)) if scores else case.between(1)


def gap_statistic(case: Case) -> float:
    """The smallest number of features with a gap within one error of the next (Tibshirani, Walther & Hastie 2001).

    Reference sets permute each coordinate of the embeddings separately: the same spread without clusters.
    """
    rng, n = np.random.default_rng(0), len(case.cosines)
    counts = np.arange(1, min(MOST, n // 2) + 1)
    spread = log_dispersion(case.cosines, case.tree, counts)
    references = []
    for _ in range(REFERENCES):
        cosines = similarities(rng.permuted(case.embeddings, axis=0))
        references.append(log_dispersion(cosines, tree(cosines), counts))
    gaps = np.mean(references, axis=0) - spread
    errors = np.std(references, axis=0) * np.sqrt(1 + 1 / REFERENCES)
    enough = np.append(gaps[:-1] >= gaps[1:] - errors[1:], True)
    return case.between(int(counts[enough.argmax()]))


def log_dispersion(
    cosines: Float[np.ndarray, "n n"], tree: Float[np.ndarray, "m 4"], counts: np.ndarray
) -> Float[np.ndarray, " counts"]:
    """Logarithm of the sum over clusters of mean within-cluster distances, for each number of clusters."""
    from scipy.cluster.hierarchy import cut_tree

    distances, log_sums = 1 - cosines.astype(np.float64), []
    for labels in cut_tree(tree.astype(np.float64), n_clusters=counts).T:
        member = np.eye(labels.max() + 1)[labels]
        sums = np.einsum("ik,ij,jk->k", member, distances, member, optimize=True)
        log_sums.append(np.log(max((sums / (2 * member.sum(axis=0))).sum(), 1e-12)))
    return np.array(log_sums)


SUGGESTED = "clear cut"  # the rule of ne_core/method/trees/clear_cut.py
RULES: dict[str, Callable[[Case], float]] = {
    "widest gap": widest,
    "gap below background": below_background,
    "silhouette": silhouette,
    "gap statistic": gap_statistic,
    "5 % of background": null_quantile,
    "0.8 of background": share_of_null,
    f"{FIXED_SHARE:g} of background": calibrated_share,
    SUGGESTED: clear,
}
