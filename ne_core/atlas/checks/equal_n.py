"""Are the measures at equal numbers of examples such as can be? Known where examples suffice, ends in order."""

import numpy as np
from jaxtyping import Bool, Float

from ne_core.atlas.data import AtlasData
from ne_core.atlas.paths import layer_folder
from ne_core.errors import AtlasError

FARTHEST = 2.001  # what a cosine distance can be, but for rounding
ROUNDING = 1e-3  # of a mean distance, found in two ways


def check_rarefied(atlas: AtlasData) -> None:
    """Of an atlas that has them."""
    check_columns(atlas)
    for layer, files in atlas.files.items():
        folder, found = atlas.root / layer_folder(layer), files.random
        features, distance = found["random_features"], found["random_distance"]
        known = np.isfinite(features)
        least, most = 1, atlas.manifest.rarefied.examples
        good = inside(features, known, least, most) and inside(distance, known, 2 - FARTHEST, FARTHEST)
        if not good:
            raise AtlasError(f"{folder / 'random_features.npy'} holds numbers that cannot be: build the atlas again")


def check_columns(atlas: AtlasData) -> None:
    table, n = atlas.neurons, atlas.manifest.rarefied.examples
    known, more = table["n_examples"] >= n, table["n_examples"] > n
    tests = (
        (table["rarefied_features"], known, 1, n),
        (table["permuted_features"], known, 1, n),
        (table["permuted_distance"], known, 2 - FARTHEST, FARTHEST),
        (table["rarefied_low"], more, 1, n),
        (table["rarefied_high"], more, 1, n),
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
        raise AtlasError(f"{path} holds numbers of features or distances that cannot be: build the atlas again")


def inside(
    values: Float[np.ndarray, " n"], known: Bool[np.ndarray, " n"], least: int | float, most: int | float
) -> bool:
    """Whether values are from least to most where they are known, and NaN elsewhere."""
    return bool(((values[known] >= least) & (values[known] <= most)).all() and np.isnan(values[~known]).all())


def out_of_order(table: dict[str, np.ndarray], low: str, middle: str, high: str) -> bool:
    """Whether an interval, where there is one, leaves out what it is of."""
    below, above = table[low] > table[middle] + ROUNDING, table[high] < table[middle] - ROUNDING
    return bool((below | above).any())
