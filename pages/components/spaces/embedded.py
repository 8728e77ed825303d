"""Examples of one neuron in a space, computed on request: cosines, a tree, and positions on a plane."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas import Atlas, Neuron
from ne_core.errors import AtlasError
from ne_core.method.projection import Projection, projection
from ne_core.method.trees.cluster import cut_into, similarities
from ne_core.method.trees.linkage import light_tree
from ne_core.refs import NeuronRef
from pages.components.cached.embedder import embedder
from pages.components.cached.per_atlas import per_atlas
from pages.components.url.spaces_view import FEATURES, View


@dataclass(frozen=True)
class Space:
    """Cosines, tree and plane of a neuron's examples in a space; in the atlas's space the tree is the stored one."""

    name: str
    cosines: Float[np.ndarray, "n n"]
    tree: Float[np.ndarray, "m 4"]
    plane: Projection


@per_atlas(entries=16)
def space_of(atlas: Atlas, layer: int, number: int, name: str) -> Space:
    """Compute a space of a neuron. Raises AtlasError for missing inputs or inputs without a finite embedding."""
    ref = NeuronRef(layer, number)
    x, w = atlas.neuron_inputs(ref), atlas.weights(layer).W_in[:, number]
    with np.errstate(all="ignore"):  # inputs may be invalid; the result is checked
        cosines = similarities(embedder(atlas, layer)(name, x.astype(np.float32), w.astype(np.float32)))
    if not np.isfinite(cosines).all():
        raise AtlasError(f"{atlas.root}: the inputs of {ref} have no finite embedding {name}: build the atlas again")
    is_stored = name == atlas.manifest.embedding
    tree = np.asarray(atlas.neuron(ref).tree) if is_stored else light_tree(cosines)
    return Space(name, cosines, tree, projection(cosines))


def in_space(atlas: Atlas, ref: NeuronRef, name: str) -> Space:
    return space_of(atlas, ref.layer, ref.neuron, name)


def clusters_of(atlas: Atlas, neuron: Neuron, view: View) -> Int[np.ndarray, " n"]:
    """The cluster of each example: the atlas's features, or clusters of a space's tree, cut into the same number."""
    features = neuron.feature.astype(np.int64)
    if view.clusters == FEATURES:
        return features
    return cut_into(in_space(atlas, neuron.ref, view.clusters).tree, int(features.max()) + 1)


@dataclass(frozen=True)
class SpacePair:
    """The spaces a and b of a neuron, and the cluster of each example."""

    spaces: tuple[Space, Space]
    clusters: Int[np.ndarray, " n"]

    @property
    def n_clusters(self) -> int:
        return int(self.clusters.max()) + 1


def space_pair(atlas: Atlas, neuron: Neuron, view: View) -> SpacePair:
    """Compute both spaces of a neuron with examples. Raises AtlasError as `space_of` does."""
    a, b = (in_space(atlas, neuron.ref, name) for name in (view.a, view.b))
    return SpacePair((a, b), clusters_of(atlas, neuron, view))
