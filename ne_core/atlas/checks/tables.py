"""Check the tables against the layers: neurons and features in order, correct counts, references that exist."""

from pathlib import Path

import numpy as np

from ne_core.atlas.arrays import release_pages
from ne_core.atlas.data import AtlasData
from ne_core.errors import AtlasError

HIGHEST = 1.001  # maximum cosine, plus rounding
FARTHEST = 1e6  # maximum distance from the centre of the map


def check_tables(atlas: AtlasData) -> None:
    """Raise AtlasError unless the tables list this atlas's neurons and features in order, with valid references."""
    check_neurons(atlas)
    check_features(atlas)
    for layer, files in atlas.files.items():
        check_members(atlas, layer, files.offsets, files.columns)
        release_pages(files.columns["feature"])
        release_pages(files.columns["trees"])
    check_links(atlas)
    check_names(atlas)


def check_neurons(atlas: AtlasData) -> None:
    """Validate the table of neurons against the manifest and the layers. Raises AtlasError."""
    path, listed = atlas.root / "neurons.parquet", atlas.neurons
    layers = np.repeat(atlas.layers, [atlas.n_neurons(layer) for layer in atlas.layers])
    neurons = np.concatenate([np.arange(atlas.n_neurons(layer)) for layer in atlas.layers])
    if not (np.array_equal(listed["layer"], layers) and np.array_equal(listed["neuron"], neurons)):
        raise AtlasError(f"{path} does not list the manifest's neurons in order: build the atlas again")
    n_examples = np.concatenate([np.diff(files.offsets) for files in atlas.files.values()])
    if not np.array_equal(listed["n_examples"], n_examples):
        raise AtlasError(f"{path} counts other examples than the layers hold: build the atlas again")
    for name in ("background_distance", "suggested_cut"):
        within(path, listed[name][~np.isnan(listed[name])], 1 - HIGHEST, 1 + HIGHEST)
    in_range(path, listed["n_suggested"], n_examples + 1)


def check_features(atlas: AtlasData) -> None:
    """Check totals before anything is repeated by counts, which could exhaust memory."""
    path, features, counts = atlas.root / "features.parquet", atlas.features, atlas.neurons["n_features"]
    in_order = (counts >= 0).all() and counts.sum(dtype=np.int64) == len(features["layer"])
    if in_order:
        owner = np.repeat(np.arange(len(counts)), counts)
        first = np.repeat(np.cumsum(counts, dtype=np.int64) - counts, counts)
        of = {"layer": atlas.neurons["layer"][owner], "neuron": atlas.neurons["neuron"][owner]}
        of["feature"] = np.arange(len(owner)) - first
        in_order = all(np.array_equal(features[name], values) for name, values in of.items())
    if not in_order:
        raise AtlasError(f"{path} does not list the features that neurons.parquet counts: build the atlas again")


def check_members(atlas: AtlasData, layer: int, offsets: np.ndarray, columns: dict[str, np.ndarray]) -> None:
    """Check that sizes match the rows, central examples are in their feature, and trees give as many features."""
    path, counts = atlas.root / "features.parquet", np.diff(offsets)
    n_features = atlas.neurons["n_features"][atlas.neurons["layer"] == layer].astype(np.int64)
    mask = atlas.features["layer"] == layer
    features = {name: atlas.features[name][mask] for name in ("neuron", "feature", "size", "central")}
    owner, first = np.repeat(np.arange(len(counts)), counts), np.cumsum(n_features) - n_features
    in_range(path, columns["feature"], n_features[owner])
    sizes = np.bincount(first[owner] + columns["feature"], minlength=len(features["size"]))
    if not (np.array_equal(features["size"], sizes) and (sizes > 0).all()):
        raise AtlasError(f"{path} counts other examples than the layers hold: build the atlas again")
    in_range(path, features["central"], counts[features["neuron"]])
    central = columns["feature"][offsets[features["neuron"]] + features["central"]]
    joined = np.concatenate([[0], np.cumsum(columns["trees"][:, 2] <= atlas.manifest.default_cut)])
    ends = np.concatenate([[0], np.cumsum(np.maximum(counts - 1, 0))])
    if not (
        np.array_equal(central, features["feature"]) and np.array_equal(counts - np.diff(joined[ends]), n_features)
    ):
        raise AtlasError(f"{path} has other features than the trees at the default cut: build the atlas again")


def check_links(atlas: AtlasData) -> None:
    """Check that key tokens and similar features exist; every feature has a first key token."""
    path, features = atlas.root / "features.parquet", atlas.features
    in_range(path, features["key_tokens"], len(atlas.vocab), least=-1)
    in_range(path, features["key_tokens"][:, 0], len(atlas.vocab))
    for space in atlas.manifest.spaces:
        others, cosines = features[f"similar_{space}"], features[f"cosine_{space}"]
        in_range(path, others, len(features["layer"]), least=-1)
        if not (np.abs(cosines[others >= 0]) <= HIGHEST).all():  # False for NaN
            raise AtlasError(f"{path} holds cosines out of range: build the atlas again")


def check_names(atlas: AtlasData) -> None:
    """Check that tokens of names exist, and that every feature has coordinates on the map."""
    path, features = atlas.root / "features.parquet", atlas.features
    for name in ("name_keys", "name_context"):
        in_range(path, features[name], len(atlas.vocab), least=-1)
    for name in ("map_x", "map_y"):
        within(path, features[name], -FARTHEST, FARTHEST)


def within(path: Path, values: np.ndarray, least: float, most: float) -> None:
    """Raise AtlasError unless least ≤ values ≤ most everywhere, which NaN is not."""
    if values.size and not (values.min() >= least and values.max() <= most):
        raise AtlasError(f"{path} holds numbers out of range: build the atlas again")


def in_range(path: Path, values: np.ndarray, end, least: int = 0) -> None:
    """Raise AtlasError unless least ≤ values < end everywhere."""
    if values.size and not (
        values.min() >= least and (values.max() < end if np.ndim(end) == 0 else (values < end).all())
    ):
        raise AtlasError(f"{path} points outside the atlas: build the atlas again")
