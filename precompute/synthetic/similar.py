"""Similar features, searched among the features of the same family of concepts.

Directions of families are nearly orthogonal, so x of two families is hardly similar: in the space of pre-MLP embeddings
the nearest features are of the same family as soon as that has enough of them. In the space of neuron embeddings, where
weights differ, some candidates are missed: a full search of 150,000 features takes minutes. Cosines are those of the
central examples, in both spaces.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas.schema import SIMILAR
from ne_core.method.similar import nearest


def similar_columns(
    vectors: Mapping[str, Float[np.ndarray, "n_features d_in"]],
    owner: Int[np.ndarray, " n_features"],
    family: Int[np.ndarray, " n_features"],
) -> dict[str, np.ndarray]:
    """Return the columns of similar features, by feature id; `owner` is the neuron of each, ascending."""
    columns = {}
    for space, space_vectors in vectors.items():
        ids = np.full((len(owner), SIMILAR), -1, dtype=np.int32)
        cosines = np.full((len(owner), SIMILAR), np.nan, dtype=np.float32)
        for members in groups(family):
            similar = nearest(space_vectors[members], owner[members], SIMILAR)
            ids[members] = np.where(similar.ids >= 0, members[similar.ids], -1)
            cosines[members] = similar.cosines
        columns |= {f"similar_{space}": ids, f"cosine_{space}": cosines}
    return columns


def groups(family: Int[np.ndarray, " n"]) -> list[Int[np.ndarray, " members"]]:
    """Return the indices of each family's members, ascending."""
    order = np.argsort(family, kind="stable")
    return [part for part in np.split(order, np.flatnonzero(np.diff(family[order])) + 1) if len(part)]
