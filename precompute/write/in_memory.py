"""All layers' features as columns, with everything in memory."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from ne_core.method.embeddings import Embedder
from ne_core.method.naming import word_classes
from ne_core.method.similar import OF_ONE_LAYER, SPACES, shown_first
from precompute.run.progress import OnProgress, silent
from precompute.steps import index
from precompute.steps.aligned import layer_aligners
from precompute.steps.index import NOT_ALIGNED, Indexed
from precompute.steps.layer_features import LayerFeatures, Texts
from precompute.steps.names import named
from precompute.steps.places import map_columns


def indexed(
    layers: Sequence[LayerFeatures],
    texts: Texts,
    importances: Mapping[int, Float[np.ndarray, "n_rows n_baselines n_back"]],
    seed: int = 0,
    on_progress: OnProgress = silent,
    embedders: Mapping[int, Embedder] | None = None,
    mapped: str | None = None,
) -> Indexed:
    """Index all layers at once, and align them if their `embedders` are given; `mapped` is the space of the map."""
    aligners = NOT_ALIGNED if embedders is None else layer_aligners(layers, embedders)
    spaces = OF_ONE_LAYER if embedders is None else SPACES
    vectors = {space: index.space_vectors(layers, space, aligners=aligners) for space in spaces}
    table = index.feature_table(layers, vectors, texts.tokens, on_progress)
    columns = table | named(layers, texts, word_classes(texts.vocab), importances)
    return Indexed(columns | map_columns(columns, mapped or shown_first(vectors), seed), vectors)
