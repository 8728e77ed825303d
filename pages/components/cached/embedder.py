"""The embedder of a layer."""

from ne_core.atlas import Atlas
from ne_core.method.embeddings import Embedder
from pages.components.cached.per_atlas import per_atlas


@per_atlas()
def embedder(atlas: Atlas, layer: int) -> Embedder:
    """Embedder of a layer, cached because its matrices take a tenth of a second."""
    return atlas.embedder(layer)
