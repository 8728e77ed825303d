"""How well clusters hold together and keep apart: silhouette, and distances within and between (Foote 2024, Figure 4).

With a an example's mean distance to the others of its cluster and b the least of its mean distances to another:

silhouette   mean of (b − a) / max(a, b), 0 for an example that is alone in its cluster; from −1 to 1, more is better
intra        mean distance between two examples of one cluster
inter        mean distance between two examples of different clusters
ratio        intra / inter; less is better

Clusters come from anywhere: measured in the space that made them, a space is favoured.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

MEASURES = ("silhouette", "intra", "inter", "ratio")


@dataclass(frozen=True)
class Separation:
    """Cosine distances; NaN where there are no pairs of a kind, as in one cluster or in clusters of one example."""

    silhouette: float
    intra: float
    inter: float

    @property
    def ratio(self) -> float:
        return float(ratios(np.array(self.intra), np.array(self.inter)))


def separation(cosines: Float[np.ndarray, "n n"], clusters: Int[np.ndarray, " n"]) -> Separation:
    """The measures of some examples by their cosines in a space; clusters are numbered from 0, each with a member."""
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
    """Of each example, by the sums of its distances to two clusters or more; 0 where all are at one place."""
    own = clusters[:, None] == np.arange(len(sizes))
    a = np.where(own, to_cluster, 0).sum(axis=1) / np.maximum(sizes[clusters] - 1, 1)
    b = np.where(own, np.inf, to_cluster / sizes).min(axis=1)
    most = np.maximum(a, b)
    found = np.divide(b - a, most, out=np.zeros(len(clusters)), where=most > 0)
    return np.where(sizes[clusters] > 1, found, 0)


def ratios(intra: Float[np.ndarray, "*n"], inter: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    """intra / inter; NaN where one of them is not known, or the clusters lie at one place."""
    return np.divide(intra, inter, out=np.full(np.shape(inter), np.nan, dtype=np.float64), where=inter > 0)
