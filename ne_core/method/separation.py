"""Separation of clusters: silhouette, and distances within and between clusters (Foote 2024, Figure 4).

With a an example's mean distance to the others of its cluster and b its lowest mean distance to another cluster:

silhouette   mean of (b − a) / max(a, b), 0 for an example that is alone in its cluster; from −1 to 1, higher is better
intra        mean distance between two examples of one cluster
inter        mean distance between two examples of different clusters
ratio        intra / inter; lower is better

Clusters may be any partition; the space in which they were computed is favoured.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

MEASURES = ("silhouette", "intra", "inter", "ratio")


@dataclass(frozen=True)
class Separation:
    """Silhouette and mean cosine distances; NaN if there are no such pairs: one cluster, or clusters of one example."""

    silhouette: float
    intra: float
    inter: float

    @property
    def ratio(self) -> float:
        """Distance within clusters over distance between them."""
        return float(ratios(np.array(self.intra), np.array(self.inter)))


def separation(cosines: Float[np.ndarray, "n n"], clusters: Int[np.ndarray, " n"]) -> Separation:
    """Measure clusters, numbered from 0 without gaps, by the cosines of their examples in a space."""
    distances = 1 - cosines.astype(np.float64)
    np.fill_diagonal(distances, 0)
    sizes = np.bincount(clusters)
    to_cluster = distances @ (clusters[:, None] == np.arange(len(sizes)))
    within = float(np.take_along_axis(to_cluster, clusters[:, None], axis=1).sum())
    pairs, all_pairs = int((sizes * (sizes - 1)).sum()), len(clusters) * (len(clusters) - 1)
    return Separation(
        silhouette=float(silhouettes(to_cluster, clusters, sizes).mean()) if len(sizes) > 1 else float("nan"),
        intra=within / pairs if pairs else float("nan"),
        inter=(float(to_cluster.sum()) - within) / (all_pairs - pairs) if all_pairs > pairs else float("nan"),
    )


def silhouettes(
    to_cluster: Float[np.ndarray, "n k"], clusters: Int[np.ndarray, " n"], sizes: Int[np.ndarray, " k"]
) -> Float[np.ndarray, " n"]:
    """Silhouette of each example, from the sums of its distances to two or more clusters; 0 if all distances are 0."""
    is_own = clusters[:, None] == np.arange(len(sizes))
    a = np.where(is_own, to_cluster, 0).sum(axis=1) / np.maximum(sizes[clusters] - 1, 1)
    b = np.where(is_own, np.inf, to_cluster / sizes).min(axis=1)
    largest = np.maximum(a, b)
    values = np.divide(b - a, largest, out=np.zeros(len(clusters)), where=largest > 0)
    return np.where(sizes[clusters] > 1, values, 0)


def ratios(intra: Float[np.ndarray, "*n"], inter: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    """Ratio intra / inter; NaN if one of them is unknown or inter is 0."""
    return np.divide(intra, inter, out=np.full(np.shape(inter), np.nan, dtype=np.float64), where=inter > 0)
