"""Check the measures at equal numbers of examples: known where there are enough examples, in range, ends in order."""

import numpy as np
from jaxtyping import Bool, Float

from ne_core.atlas.data import AtlasData
from ne_core.atlas.paths import layer_folder
from ne_core.errors import AtlasError

FARTHEST = 2.001  # maximum cosine distance, plus rounding
ROUNDING = 1e-3  # difference of a mean distance computed in two ways


def check_equal_n(atlas: AtlasData) -> None:
    """Raise AtlasError for wrong measures, in an atlas that has them."""
    check_columns(atlas)
    for layer, files in atlas.files.items():
        folder, random = atlas.root / layer_folder(layer), files.random
        features, distance = random["random_features"], random["random_distance"]
        known = np.isfinite(features)
        least, most = 1, atlas.manifest.rarefied.examples
        good = inside(features, known, least, most) and inside(distance, known, 2 - FARTHEST, FARTHEST)
        if not good:
            raise AtlasError(f"{folder / 'random_features.npy'} holds numbers out of range: build the atlas again")


def check_columns(atlas: AtlasData) -> None:
    """Validate the columns of neurons at equal numbers of examples. Raises AtlasError."""
    table, n = atlas.neurons, atlas.manifest.rarefied.examples
    known, has_interval = table["n_examples"] >= n, table["n_examples"] > n
    tests = (
        (table["rarefied_features"], known, 1, n),
        (table["permuted_features"], known, 1, n),
        (table["permuted_distance"], known, 2 - FARTHEST, FARTHEST),
        (table["rarefied_low"], has_interval, 1, n),
        (table["rarefied_high"], has_interval, 1, n),
        (table["permuted_low"], known & np.isfinite(table["permuted_low"]), 1, n),
        (table["permuted_high"], known & np.isfinite(table["permuted_low"]), 1, n),
        (table["distance_low"], known & np.isfinite(table["distance_low"]), 2 - FARTHEST, FARTHEST),
        (table["distance_high"], known & np.isfinite(table["distance_low"]), 2 - FARTHEST, FARTHEST),
    )
    ends = (
        ("rarefied_low", "rarefied_features", "rarefied_high"),
        ("permuted_low", "permuted_features", "permuted_high"),
        ("distance_low", "mean_distance", "distance_high"),
    )
    if not all(inside(*test) for test in tests) or any(out_of_order(table, *names) for names in ends):
        path = atlas.root / "neurons.parquet"
        raise AtlasError(f"{path} holds numbers of features or distances out of range: build the atlas again")


def inside(
    values: Float[np.ndarray, " n"], known: Bool[np.ndarray, " n"], least: int | float, most: int | float
) -> bool:
    """True if values are from least to most where they are known, and NaN elsewhere."""
    return bool(((values[known] >= least) & (values[known] <= most)).all() and np.isnan(values[~known]).all())


def out_of_order(table: dict[str, np.ndarray], low: str, middle: str, high: str) -> bool:
    """True if any interval does not contain its value."""
    below, above = table[low] > table[middle] + ROUNDING, table[high] < table[middle] - ROUNDING
    return bool((below | above).any())
