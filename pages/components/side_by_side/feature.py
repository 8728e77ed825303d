"""A feature on one side: its neuron in an embedding, its examples at a cut, its name and colour."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas, Neuron
from ne_core.atlas.names import ref_name
from ne_core.refs import FeatureRef
from pages.components.cached.in_embedding import embedded
from pages.components.text.labels import Label
from pages.components.url.neuron_view import View as NeuronView
from pages.components.url.side_by_side_view import Side
from pages.components.widgets.clusters import Cluster, cluster_labels, colours_at, features_at


@dataclass(frozen=True)
class SideFeature:
    """One of the two features. `listed`: it is in the atlas's table, with stored cosines and similar features."""

    atlas: Atlas
    ref: FeatureRef
    neuron: Neuron
    cut: float

    @property
    def listed(self) -> bool:
        return self.atlas.lists(self.neuron, self.cut)

    @property
    def place(self) -> tuple[str, float]:
        """Embedding and cut, in which two features of one neuron may differ."""
        return self.neuron.embedding, self.cut

    @cached_property
    def features(self) -> list[Cluster]:
        return features_at(self.neuron, self.cut)

    @property
    def cluster(self) -> Cluster:
        return self.features[self.ref.feature]

    @cached_property
    def labels(self) -> list[Label]:
        """Names of all features at the cut."""
        return cluster_labels(self.atlas, self.neuron, self.features, self.cut)

    @property
    def label(self) -> Label:
        return self.labels[self.ref.feature]

    @property
    def colour(self) -> str:
        return colours_at(self.neuron, self.cut)[self.ref.feature].css

    @property
    def rows(self) -> Int[np.ndarray, " n_rows"]:
        """Rows of its examples in its neuron: the central one first, the rest by activation."""
        rows = self.cluster.rows
        return rows[np.lexsort((-self.neuron.activation[rows].astype(np.float32), rows != self.cluster.central))]

    @property
    def key_tokens(self) -> Int[np.ndarray, " n_rows"]:
        return self.atlas.tokens[self.neuron.example[self.rows], self.neuron.pos[self.rows]]

    @property
    def name(self) -> str:
        """“L3 N17 F2”, with the cut and the embedding if they are not the atlas's."""
        of_atlas = self.atlas.manifest.embedding
        embedding = "" if self.neuron.embedding == of_atlas else f" in {self.neuron.embedding}"
        cut = "" if self.cut == self.neuron.default_cut else f" at cut {self.cut:g}"
        return f"{ref_name(self.atlas.manifest, self.ref)}{embedding}{cut}"

    @property
    def view(self) -> NeuronView:
        """View of the page Neuron that shows the feature."""
        space, embedding = self.atlas.manifest.default_space, self.neuron.embedding
        return NeuronView(self.ref.of, self.ref.feature, space, self.cut, embedding=embedding)


def side_feature(atlas: Atlas, side: Side) -> SideFeature:
    """Return the feature of a side. Raises AtlasError for an embedding that cannot be computed."""
    neuron = embedded(atlas, side.ref.of, side.embedding)
    return SideFeature(atlas, side.ref, neuron, neuron.default_cut if side.cut is None else side.cut)
