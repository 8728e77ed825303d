"""All layers' features as columns: names, similar features and places on the map."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jaxtyping import Float

from ne_core.method.naming import word_classes
from ne_core.method.similar import SPACES
from precompute.steps import index
from precompute.steps.layer_features import LayerFound, Texts
from precompute.steps.layout import layout
from precompute.steps.names import named
from precompute.write.parts import Indexed

MAPPED = "pre_mlp"  # the space whose similar features stand together on the map, unless told: the one shown first


def indexed(
    layers: Sequence[LayerFound],
    texts: Texts,
    importances: Mapping[int, Float[np.ndarray, "n_rows n_baselines n_back"]],
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
    space: str = MAPPED,
) -> Indexed:
    """Everything in memory at once; `space` is the map's."""
    vectors = {space: index.space_vectors(layers, space) for space in SPACES}
    table = index.feature_table(layers, vectors, texts.tokens, progress)
    columns = table | named(layers, texts, word_classes(texts.vocab), importances)
    return Indexed(columns | map_columns(columns, seed, space=space), vectors)


def map_columns(
    features: Mapping[str, np.ndarray],
    seed: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
    space: str = MAPPED,
) -> dict[str, np.ndarray]:
    """Places on the map from the columns of similar features."""
    graph = (features[f"{what}_{space}"] for what in ("similar", "cosine"))
    places = layout(*graph, seed, progress)
    return {"map_x": places[:, 0], "map_y": places[:, 1]}
