"""Similar features, searched among the features of the same family of concepts.

Families have directions of their own, at right angles but for chance, so x of two families is hardly alike: in the
space of pre-MLP embeddings the nearest features of a whole atlas are of the same family as soon as that has enough of
them. In the space of neuron embeddings, where weights differ, this leaves candidates out: a full search of 150,000
features takes minutes. The cosines are those of the central examples, in both.
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
    """The columns of similar features, by feature id; `owner` numbers the neuron of each, in ascending order."""
    columns = {}
    for space, of_space in vectors.items():
        ids = np.full((len(owner), SIMILAR), -1, dtype=np.int32)
        cosines = np.full((len(owner), SIMILAR), np.nan, dtype=np.float32)
        for members in groups(family):
            found = nearest(of_space[members], owner[members], SIMILAR)
            ids[members] = np.where(found.ids >= 0, members[found.ids], -1)
            cosines[members] = found.cosines
        columns |= {f"similar_{space}": ids, f"cosine_{space}": cosines}
    return columns


def groups(family: Int[np.ndarray, " n"]) -> list[Int[np.ndarray, " members"]]:
    """The numbers of those of each family, ascending."""
    order = np.argsort(family, kind="stable")
    return [part for part in np.split(order, np.flatnonzero(np.diff(family[order])) + 1) if len(part)]
