"""Writing of an atlas as a directory, its manifest last: arrays.py, tables.py, in the place of atomic_write.py."""

import importlib.metadata
import logging
import platform
from dataclasses import replace
from pathlib import Path

import numpy as np

from ne_core.atlas.file_hash import file_sha256
from ne_core.atlas.litter import content_files
from ne_core.atlas.manifest import Manifest, manifest_text
from ne_core.atlas.paths import SPACES_FILE, index_file
from ne_core.atlas.schema import (
    COMPARISONS,
    CONTRIBUTIONS,
    EQUAL_N,
    FEATURES,
    LOGIT_EFFECTS,
    NEURONS,
    OTHER_TREES,
    RANDOM_DIRECTIONS,
    similar_columns,
)
from ne_core.sharing.atomic_write import new_atlas
from precompute.run.mapped import release_pages
from precompute.run.progress import OnProgress, silent
from precompute.steps import index
from precompute.steps.layer_features import LayerFeatures
from precompute.steps.search_index import write_search
from precompute.write.arrays import Clipped, write_columns, write_examples, write_inputs, write_layer
from precompute.write.documents import write_documents
from precompute.write.parts import AtlasParts
from precompute.write.tables import write_index, write_table

logger = logging.getLogger(__name__)

LIBRARIES = ("numpy", "scipy", "pyarrow", "faiss-cpu", "torch", "transformers", "transformer-lens", "tokenizers")


def write_atlas(out: Path, parts: AtlasParts, on_progress: OnProgress = silent) -> None:
    """Write an atlas at `out`. Raises WriteError in one line, and leaves an older `out` unchanged."""
    clipped: Clipped = {}
    with new_atlas(out) as folder:
        write_examples(folder, parts.texts)
        for done, layer in enumerate(parts.layers, 1):
            clipped |= write_layer_files(folder, parts, layer)
            on_progress(done, len(parts.layers))
        write_tables(folder, parts)
        if parts.description.documents:
            write_documents(folder, parts.documents)
        parts.write_more(folder)
        write_manifest(folder, manifest(parts, clipped))
    if clipped:
        logger.warning("%s", clipped_message(clipped))


def write_layer_files(folder: Path, parts: AtlasParts, layer: LayerFeatures) -> Clipped:
    """Write all arrays of one layer."""
    number, optional = layer.rows.layer, []
    clipped = write_layer(folder, layer.rows, layer.features, parts.statistics[number], parts.importances[number])
    if parts.logits is not None:
        optional.append((LOGIT_EFFECTS, parts.logits))
    if parts.equal_n is not None:
        optional.append((RANDOM_DIRECTIONS, parts.equal_n.by_layer))
    if parts.other_trees is not None:
        optional.append((OTHER_TREES, parts.other_trees.by_layer))
    if parts.contributions is not None:
        optional.append((CONTRIBUTIONS, parts.contributions))
    for specs, by_layer in optional:
        clipped |= write_columns(folder, number, specs, by_layer[number])
    if parts.description.inputs:
        clipped |= write_inputs(folder, layer.rows)
        release_pages(layer.rows.x)
    return clipped


def write_tables(folder: Path, parts: AtlasParts) -> None:
    """Write the tables of neurons, features and spaces, and the search indexes."""
    features, vectors = parts.indexed.features, parts.indexed.vectors
    write_neurons(folder / "neurons.parquet", parts)
    write_table(folder / "features.parquet", (*FEATURES, *similar_columns(vectors)), features)
    if parts.spaces is not None:
        write_table(folder / SPACES_FILE, COMPARISONS, parts.spaces)
    for space, space_vectors in vectors.items():
        write_index(folder / index_file(space), space_vectors)
    names = np.concatenate([features[name] for name in ("name_keys", "name_context")], axis=1)
    write_search(folder / "search.sqlite", parts.layers, parts.texts, names)


def write_neurons(path: Path, parts: AtlasParts) -> None:
    specs, table = NEURONS, index.neuron_table(parts.layers)
    if parts.equal_n is not None:
        layer_columns = [parts.equal_n.by_layer[layer.rows.layer] for layer in parts.layers]
        specs = (*NEURONS, *EQUAL_N)
        table |= {
            column.name: np.concatenate([columns[column.name] for columns in layer_columns]) for column in EQUAL_N
        }
    write_table(path, specs, table)


def manifest(parts: AtlasParts, clipped: Clipped) -> Manifest:
    """Return the manifest from the arrays and the description, without the list of files."""
    rows, (n_examples, n_ctx) = [layer.rows for layer in parts.layers], parts.texts.tokens.shape
    return Manifest(
        **vars(parts.description),
        kind="transformer" if parts.texts.images is None else "images",
        layers=tuple(layer_rows.layer for layer_rows in rows),
        n_neurons=tuple(layer_rows.weights.n_neurons for layer_rows in rows),
        d_in=tuple(layer_rows.weights.d_in for layer_rows in rows),
        n_examples=n_examples,
        n_ctx=n_ctx,
        window=parts.texts.window,
        spaces=tuple(parts.indexed.vectors),
        logit_effects=parts.logits is not None,
        compared=parts.spaces is not None,
        rarefied=None if parts.equal_n is None else parts.equal_n.facts,
        other_trees=None if parts.other_trees is None else parts.other_trees.facts,
        clear_cuts=True,
        clipped=clipped,
    )


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest last, with all files: a directory without a manifest is not an atlas."""
    whole = replace(manifest, libraries=libraries(), files=checksums(folder))
    (folder / "manifest.json").write_text(manifest_text(whole), encoding="utf-8")


def checksums(folder: Path) -> dict[str, dict]:
    paths = sorted(content_files(folder))
    return {p.relative_to(folder).as_posix(): {"sha256": file_sha256(p), "size": p.stat().st_size} for p in paths}


def libraries() -> dict[str, str]:
    """Return the versions of libraries that the numbers depend on; missing ones are left out."""
    versions = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def clipped_message(clipped: Clipped) -> str:
    """Describe the clipped values in one line."""
    files = sorted(clipped, key=lambda file: (-clipped[file], file))
    examples = ", ".join(f"{clipped[file]:,} in {file}" for file in files[:3])
    rest = f" and {len(files) - 3} files more" if len(files) > 3 else ""
    total = f"{sum(clipped.values()):,} numbers at or beyond ±65,504, the ends of half precision"
    return f"{total}, are stored as that: {examples}{rest}"
