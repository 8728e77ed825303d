"""Is this directory the atlas that its manifest describes? Cheap checks at every opening, checksums in `verify`."""

import hashlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from ne_core.arrays import AtlasError
from ne_core.atlas import Atlas, LayerFiles
from ne_core.manifest import Manifest, read_manifest


def check_sizes(root: Path, manifest: Manifest) -> None:
    """Every listed file is there, inside the atlas, and as long as it was when written."""
    for name, entry in manifest.files.items():
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise AtlasError(f"{root / 'manifest.json'} lists {name!r}, which is outside the atlas")
        path = root / name
        if not path.is_file():
            raise AtlasError(f"{path} is missing: build the atlas again")
        if path.stat().st_size != entry["size"]:
            raise AtlasError(f"{path} has {path.stat().st_size} bytes, the manifest says {entry['size']}")


def check_rows(atlas: Atlas) -> None:
    """Every number that is used to look something up points at something."""
    in_range(atlas.root / "tokens.npy", atlas.tokens, len(atlas.vocab))
    in_range(atlas.root / "lengths.npy", atlas.lengths, atlas.manifest.raw["n_ctx"] + 1)
    for layer, files in atlas.files.items():
        check_layer(atlas, atlas.root / f"layers/{layer:02d}", files)
    check_tables(atlas)


def check_layer(atlas: Atlas, folder: Path, files: LayerFiles) -> None:
    """Offsets partition the rows, and every row names a token that exists."""
    offsets, columns = files.offsets, files.columns
    n_rows = len(columns["example"])
    if offsets[0] != 0 or offsets[-1] != n_rows or (np.diff(offsets) < 0).any():
        raise AtlasError(f"{folder / 'offsets.npy'} does not divide the layer's {n_rows} rows among its neurons")
    if len(columns["trees"]) != files.tree_offsets[-1]:
        raise AtlasError(f"{folder / 'trees.npy'} has {len(columns['trees'])} merges for {files.tree_offsets[-1]}")
    counts = np.diff(offsets)
    in_range(folder / "example.npy", columns["example"], len(atlas.tokens))
    in_range(folder / "pos.npy", columns["pos"], atlas.lengths[columns["example"]])
    in_range(folder / "feature.npy", columns["feature"], np.repeat(counts, counts))
    n_merges = np.diff(files.tree_offsets)
    leaves = np.repeat(counts, n_merges)
    in_range(folder / "merge_central.npy", columns["merge_central"], leaves)
    step = np.arange(len(leaves)) - np.repeat(files.tree_offsets[:-1], n_merges)
    check_trees(folder / "trees.npy", columns["trees"], leaves + step)


def check_trees(path: Path, trees: np.ndarray, end: np.ndarray) -> None:
    """A branch point joins nodes numbered before it, as in scipy's linkage, at a finite height."""
    if not np.isfinite(trees).all():
        raise AtlasError(f"{path} holds numbers that are not finite: build the atlas again")
    in_range(path, trees[:, :2], end[:, None])


def check_tables(atlas: Atlas) -> None:
    """The tables list this atlas's neurons and features, in order, and similar features that exist."""
    layers = np.repeat(atlas.layers, [atlas.n_neurons(layer) for layer in atlas.layers])
    neurons = np.concatenate([np.arange(atlas.n_neurons(layer)) for layer in atlas.layers])
    listed, counts = atlas.neurons, atlas.neurons["n_features"]
    if not (np.array_equal(listed["layer"], layers) and np.array_equal(listed["neuron"], neurons)):
        raise AtlasError(f"{atlas.root / 'neurons.parquet'} does not list the manifest's neurons in order")
    path, features = atlas.root / "features.parquet", atlas.features
    owner = np.repeat(np.arange(len(layers)), counts) if (counts >= 0).all() else np.zeros(0, int)
    in_order = len(owner) == len(features["layer"]) and (
        np.array_equal(features["layer"], layers[owner]) and np.array_equal(features["neuron"], neurons[owner])
    )
    if not in_order:
        raise AtlasError(f"{path} does not list the features that neurons.parquet counts")
    in_range(path, features["central"], np.repeat(atlas.neurons["n_examples"], counts))
    for name in ("similar_neuron", "similar_pre_mlp"):
        in_range(path, features[name], len(owner), least=-1)
    in_range(path, features["key_tokens"], len(atlas.vocab), least=-1)


def in_range(path: Path, values: np.ndarray, end, least: int = 0) -> None:
    """Raise unless least ≤ values < end, everywhere."""
    if values.size and not ((values >= least) & (values < end)).all():
        raise AtlasError(f"{path} points outside the atlas: build the atlas again")


def verify(root: Path) -> Iterator[str]:
    """What is wrong with an atlas, a line each; nothing for a clean one. Reads every byte."""
    try:
        manifest = read_manifest(root)
        Atlas.open(root)
    except AtlasError as error:
        yield str(error)
        return
    for name, entry in manifest.files.items():
        if file_sha256(root / name) != entry.get("sha256"):
            yield f"{root / name} is not what was written: its checksum differs from the manifest's"
    known = {*manifest.files, "manifest.json"}
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.relative_to(root).as_posix() not in known:
            yield f"{path} is not part of the atlas: the manifest does not list it"


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
