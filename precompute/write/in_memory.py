"""All layers' features as columns, with everything in memory."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from ne_core.method.naming import word_classes
from ne_core.method.similar import SPACES
from precompute.run.progress import OnProgress, silent
from precompute.steps import index
from precompute.steps.index import Indexed
from precompute.steps.layer_features import LayerFeatures, Texts
from precompute.steps.names import named
from precompute.steps.places import MAPPED, map_columns


def indexed(
    layers: Sequence[LayerFeatures],
    texts: Texts,
    importances: Mapping[int, Float[np.ndarray, "n_rows n_baselines n_back"]],
    seed: int = 0,
    on_progress: OnProgress = silent,
    space: str = MAPPED,
) -> Indexed:
    """Index all layers at once; `space` is the map's."""
    vectors = {space: index.space_vectors(layers, space) for space in SPACES}
    table = index.feature_table(layers, vectors, texts.tokens, on_progress)
    columns = table | named(layers, texts, word_classes(texts.vocab), importances)
    return Indexed(columns | map_columns(columns, seed, space=space), vectors)
