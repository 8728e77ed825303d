"""Links from a feature to Side by side: the same neuron at two cuts, or in two embeddings."""

from collections.abc import Iterator

from ne_core.atlas import Atlas, Neuron
from ne_core.method.embeddings import REFERENCE
from ne_core.method.partitions import holder
from ne_core.queries.in_embedding import reason_unavailable
from ne_core.refs import FeatureRef
from pages.components.cached.in_embedding import embedded
from pages.components.url.neuron_view import View
from pages.components.url.side_by_side_view import Side
from pages.components.url.side_by_side_view import View as Pair
from pages.components.widgets.chips import Chip, chips
from pages.components.widgets.clusters import Cluster


def two_cuts(atlas: Atlas, neuron: Neuron, view: View, cluster: Cluster) -> None:
    """Show the links; none for a neuron with one partition only."""
    left = side_of(neuron, view.cut, cluster)
    links = [Chip(title, Pair.of(left, right).href(atlas)) for title, right in beside(atlas, neuron, view, cluster)]
    if links:
        chips(links, name="two_cuts", label="Side by side")


def beside(atlas: Atlas, neuron: Neuron, view: View, cluster: Cluster) -> Iterator[tuple[str, Side]]:
    """Titles and right sides: the suggested or the default cut, then the paper's embedding or the atlas's own."""
    suggested = neuron.suggested_cut
    if suggested not in (None, view.cut):
        yield "Beside the suggested cut", side_of(neuron, suggested, cluster)
    elif view.cut != neuron.default_cut:
        yield "Beside the default cut", side_of(neuron, neuron.default_cut, cluster)
    of_atlas = atlas.manifest.embedding
    other = REFERENCE if neuron.embedding == of_atlas else of_atlas
    if other != neuron.embedding and not reason_unavailable(atlas, neuron.ref, other):
        title = "Beside the paper’s embedding" if other == REFERENCE else "Beside the atlas’s embedding"
        right = embedded(atlas, neuron.ref, other)
        yield title, side_of(right, right.default_cut, cluster)


def side_of(neuron: Neuron, cut: float, cluster: Cluster) -> Side:
    """Feature at a cut that has most of a cluster's examples; for a feature at its own cut, the feature itself."""
    feature = holder(neuron.features(cut), cluster.rows)
    return Side(FeatureRef(neuron.ref.layer, neuron.ref.neuron, feature), neuron.embedding, cut)
