"""Check that a directory is the atlas of its manifest. Cheap checks at every opening; `verify` adds checksums."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ne_core.atlas.arrays import atlas_file, release_pages
from ne_core.atlas.checks.comparison import check_comparison
from ne_core.atlas.checks.documents import check_documents
from ne_core.atlas.checks.equal_n import check_equal_n
from ne_core.atlas.checks.index import check_index
from ne_core.atlas.checks.names import check_names
from ne_core.atlas.checks.other_trees import check_other_trees
from ne_core.atlas.checks.tables import check_tables, in_range, within
from ne_core.atlas.checks.trees import HIGHEST, check_trees
from ne_core.atlas.data import AtlasData, LayerFiles
from ne_core.atlas.documents_schema import DOCUMENTS
from ne_core.atlas.manifest import Manifest
from ne_core.atlas.paths import SPACES_FILE, index_file, inputs_file, layer_folder
from ne_core.atlas.schema import (
    CONTRIBUTIONS,
    DENSITY,
    EXAMPLES,
    IMAGES,
    LAYER,
    LOGIT_EFFECTS,
    OTHER_TREES,
    RANDOM_DIRECTIONS,
)
from ne_core.errors import AtlasError
from ne_core.method.contributions import check_contributions
from ne_core.method.logits import check_logits
from ne_core.method.statistics import check_statistics
from ne_core.text.token_text import visible

WHOLE = ("vocab.json", "neurons.parquet", "features.parquet", "search.sqlite", *(spec.file for spec in EXAMPLES))
MOST_SIDE = 64  # maximum height and width of an image in pixels: a page shows some hundred images
MOST_LINE = 2**17  # maximum characters of a window: a page shows a hundred of them
LONGEST_SIGN = 10  # maximum characters that replace an invisible character
MOST_ROWS = 2**15 - 1  # maximum rows of one neuron: other files refer to rows by int16


def check_sizes(root: Path, manifest: Manifest) -> None:
    """Raise AtlasError unless every file is listed, inside the atlas, present, and of the listed size."""
    check_listed(root / "manifest.json", manifest)
    for name, entry in manifest.files.items():
        size = atlas_file(root, name).stat().st_size
        if size != entry["size"]:
            raise AtlasError(f"{root / name} has {size} bytes, the manifest says {entry['size']}")


def check_listed(path: Path, manifest: Manifest) -> None:
    """Raise AtlasError unless the manifest lists all required files, and only valid names."""
    for name in (*WHOLE, *files_of(manifest)):
        if name not in manifest.files:
            raise AtlasError(f"{path} does not list {name}: build the atlas again")
    check_names(path, manifest.files)


def files_of(manifest: Manifest) -> Iterator[str]:
    """Names of the files required by the layers, spaces and options of a manifest."""
    if manifest.images:
        yield IMAGES.file
    for layer in manifest.layers:
        effects, parts = LOGIT_EFFECTS * manifest.logit_effects, CONTRIBUTIONS * bool(manifest.parts)
        random, others = RANDOM_DIRECTIONS * bool(manifest.rarefied), OTHER_TREES * bool(manifest.other_trees)
        yield from (f"{layer_folder(layer)}/{spec.file}" for spec in (*LAYER, *effects, *parts, *random, *others))
        if manifest.inputs:
            yield inputs_file(layer)
    yield from map(index_file, manifest.spaces)
    if manifest.compared:
        yield SPACES_FILE
    if manifest.density:
        yield DENSITY.file
    if manifest.documents:
        yield from (spec.file for spec in DOCUMENTS)


def check_rows(atlas: AtlasData) -> None:
    """Raise AtlasError unless every index in the atlas refers to an existing item."""
    in_range(atlas.root / "tokens.npy", atlas.tokens, len(atlas.vocab))
    in_range(atlas.root / "lengths.npy", atlas.lengths, atlas.manifest.n_ctx + 1)
    check_lines(atlas)
    if atlas.images is not None:
        check_images(atlas)
    for layer, files in atlas.files.items():
        check_layer(atlas, layer, files)
        release_layer(files)
    check_tables(atlas)
    if atlas.comparison is not None:
        check_comparison(atlas, atlas.comparison)
    if atlas.manifest.rarefied:
        check_equal_n(atlas)
    if atlas.fires is not None:
        in_range(atlas.root / DENSITY.file, atlas.fires, atlas.manifest.density.positions + 1)
    if atlas.documents is not None:
        check_documents(atlas)
    for space in atlas.manifest.spaces:
        check_index(atlas.root / index_file(space), len(atlas.features["layer"]), set(atlas.manifest.d_in))


def check_lines(atlas: AtlasData) -> None:
    """Raise AtlasError for long tokens in wide windows, which could make a page of gigabytes from a small file."""
    width = atlas.manifest.window.size
    long = {text for text in atlas.vocab if len(text) * LONGEST_SIGN * width > MOST_LINE}
    longest = max((len(visible(text)) for text in long), default=0)
    if longest * width > MOST_LINE:
        problem = f"has a token of {longest} characters and windows of {width} tokens: no page could show them"
        raise AtlasError(f"{atlas.root / 'vocab.json'} {problem}, build the atlas with smaller windows")


def check_images(atlas: AtlasData) -> None:
    """Raise AtlasError unless images have a size that can be shown, and one label each."""
    height, width = atlas.images.shape[1:]
    if not (0 < height <= MOST_SIDE and 0 < width <= MOST_SIDE):
        path = atlas.root / IMAGES.file
        raise AtlasError(f"{path} holds images of {height} × {width} pixels; sides of 1 to {MOST_SIDE} can be shown")
    if (atlas.lengths != 1).any():
        raise AtlasError(f"{atlas.root / 'lengths.npy'} does not give every image its one label: build the atlas again")


def release_layer(files: LayerFiles) -> None:
    """Release the pages of a layer's columns, which count as memory of the process once they were read."""
    for column in (*files.columns.values(), *(files.contributions or {}).values(), *(files.other_trees or {}).values()):
        release_pages(column)


def check_layer(atlas: AtlasData, layer: int, files: LayerFiles) -> None:
    """Raise AtlasError unless the columns of a layer agree with each other and with the atlas."""
    folder, offsets, columns = atlas.root / layer_folder(layer), files.offsets, files.columns
    n_rows = len(columns["example"])
    # compared, not subtracted: differences of huge numbers come out small
    if offsets[0] != 0 or offsets[-1] != n_rows or (offsets[1:] < offsets[:-1]).any():
        raise AtlasError(f"{folder / 'offsets.npy'} does not divide the layer's {n_rows} rows among its neurons")
    counts = np.diff(offsets)
    if counts.max() > MOST_ROWS:
        raise AtlasError(f"{folder / 'offsets.npy'} gives one neuron more than {MOST_ROWS} rows: build the atlas again")
    in_range(folder / "example.npy", columns["example"], len(atlas.tokens))
    in_range(folder / "pos.npy", columns["pos"], atlas.lengths[columns["example"]])
    in_range(folder / "feature.npy", columns["feature"], np.repeat(counts, counts))
    if len(columns["trees"]) != files.tree_offsets[-1]:
        raise AtlasError(f"{folder / 'trees.npy'} has {len(columns['trees'])} merges for {files.tree_offsets[-1]}")
    in_range(folder / "merge_central.npy", columns["merge_central"], np.repeat(counts, np.diff(files.tree_offsets)))
    check_trees(folder / "trees.npy", np.asarray(columns["trees"]), counts)
    within(folder / "center_distance.npy", columns["center_distance"], 0.0, HIGHEST)
    if files.other_trees:
        check_other_trees(folder, files.other_trees, counts)
    if files.logits:
        check_logits(folder, files.logits, len(atlas.vocab))
    if files.contributions:
        n_heads, lengths = atlas.manifest.parts.n_heads(layer), atlas.lengths[columns["example"]]
        check_contributions(folder, files.contributions, n_heads, columns["pos"], lengths)
    check_statistics(folder, columns, atlas.manifest.sample_positions)
