"""Neurons in other embeddings than the atlas's, each computed once for all sessions."""

from ne_core.atlas import Atlas, Neuron
from ne_core.queries.in_embedding import neuron_in
from ne_core.refs import NeuronRef
from pages.components.cached.embedder import embedder
from pages.components.cached.per_atlas import per_atlas


@per_atlas(entries=64)
def computed(atlas: Atlas, layer: int, number: int, embedding: str) -> Neuron:
    """Compute a neuron in an embedding. Raises AtlasError if it cannot be computed."""
    return neuron_in(atlas, NeuronRef(layer, number), embedding, lambda: embedder(atlas, layer))


def embedded(atlas: Atlas, ref: NeuronRef, embedding: str | None) -> Neuron:
    """Return a neuron in an embedding, None for the atlas's own. Raises AtlasError as `computed` does."""
    if embedding in (None, atlas.manifest.embedding):
        return atlas.neuron(ref)
    return computed(atlas, ref.layer, ref.neuron, embedding)
