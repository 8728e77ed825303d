"""Atlas: an open directory of features, read by memory map.

atlas = Atlas.open("data/demo")
neuron = atlas.neuron(NeuronRef(3, 17))          # two slices of each column
atlas.similar(FeatureRef(3, 17, 2), "pre_mlp")   # [(FeatureRef, cosine), …]
"""

from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np

from ne_core.atlas.arrays import load_array
from ne_core.atlas.checks.atlas import check_rows, check_sizes
from ne_core.atlas.data import AtlasData, LayerFiles
from ne_core.atlas.documents import DocumentTable
from ne_core.atlas.documents_schema import DOCUMENTS
from ne_core.atlas.inputs import Inputs
from ne_core.atlas.lab import Lab
from ne_core.atlas.manifest import Manifest
from ne_core.atlas.open_lab import open_lab
from ne_core.atlas.paths import SPACES_FILE, inputs_file, layer_folder
from ne_core.atlas.read_manifest import load_json, read_manifest
from ne_core.atlas.schema import (
    COMPARISONS,
    CONTRIBUTIONS,
    DENSITY,
    EQUAL_N,
    EXAMPLES,
    FEATURES,
    IMAGES,
    INPUTS,
    LAYER,
    LOGIT_EFFECTS,
    NEURONS,
    OTHER_TREES,
    RANDOM_DIRECTIONS,
    Array,
    Column,
    similar_columns,
)
from ne_core.atlas.tables import load_table
from ne_core.errors import AtlasError
from ne_core.method.comparison import Comparison, comparison

MOST_VOCAB_BYTES, MOST_TOKENS = 2**24, 2**20  # the largest vocabularies have a quarter of a million tokens
MOST_CHARACTERS = 4096  # maximum length of a token; the longest of known tokenizers have some hundred


class Atlas(AtlasData):
    """Open atlas: AtlasData from a directory that was checked."""

    @staticmethod
    def open(root: str | Path, slug: str | None = None) -> "Atlas":
        """Open the atlas in `root`; `slug` is its name in URLs, the folder's name by default.

        Raises AtlasError, in one line, for a directory that is not a complete atlas of this schema version.
        """
        root = Path(root)
        manifest = read_manifest(root)
        check_sizes(root, manifest)
        sizes = {"n_examples": manifest.n_examples, "n_ctx": manifest.n_ctx}
        tokens, lengths = (load_array(root, spec, sizes) for spec in EXAMPLES)
        layers = {layer: load_layer(root, manifest, layer) for layer in manifest.layers}
        n_rows = sum(len(files.columns["example"]) for files in layers.values())
        features = load_table(root, "features.parquet", feature_columns(manifest), n_rows)
        atlas = Atlas(
            root,
            manifest,
            tokens,
            lengths,
            load_vocab(root),
            load_table(root, "neurons.parquet", neuron_columns(manifest), sum(manifest.n_neurons)),
            features,
            layers,
            load_array(root, IMAGES, sizes) if manifest.images else None,
            load_comparison(root, manifest),
            load_array(root, DENSITY, {"n_features": len(features["layer"])}) if manifest.density else None,
            root.name if slug is None else slug,
            documents=load_documents(root, manifest),
        )
        check_rows(atlas)
        return atlas

    @cached_property
    def lab(self) -> Lab | None:
        """Lab of the atlas, None if it has none. Raises AtlasError for a damaged lab."""
        return open_lab(self)


def load_layer(root: Path, manifest: Manifest, layer: int) -> LayerFiles:
    """Map one layer's columns. Raises AtlasError unless dimensions agree with the manifest and between files."""
    n_neurons, d_in = manifest.n_neurons_of[layer], manifest.d_in_of[layer]
    sizes = {
        "n_neurons": n_neurons,
        "n_neurons+1": n_neurons + 1,
        "d_in": d_in,
        "n_pairs": d_in * (d_in + 1) // 2,
        "n_window": manifest.window.size,
        "n_back": manifest.window.back,
        "n_baselines": len(manifest.baselines),
        "n_directions": manifest.rarefied.directions if manifest.rarefied else 0,
    }
    folder = root / layer_folder(layer)
    columns, inputs = load_columns(folder, LAYER, sizes), None
    if manifest.inputs:
        x = load_array(root, replace(INPUTS, file=inputs_file(layer)), sizes)
        inputs = Inputs(root / inputs_file(layer), x, columns["example"], columns["pos"])
    logits = load_columns(folder, LOGIT_EFFECTS, sizes) if manifest.logit_effects else None
    contributions, parts = None, manifest.parts
    if parts:
        of_parts = {"n_parts": parts.count(layer), "n_read": parts.n_read(layer)}
        contributions = load_columns(folder, CONTRIBUTIONS, sizes | of_parts)
    random = load_columns(folder, RANDOM_DIRECTIONS, sizes) if manifest.rarefied else None
    other_trees = load_columns(folder, OTHER_TREES, sizes) if manifest.other_trees else None
    return LayerFiles(columns.pop("offsets"), columns, inputs, logits, contributions, random, other_trees)


def neuron_columns(manifest: Manifest) -> tuple[Column, ...]:
    """Columns of the table of neurons."""
    return (*NEURONS, *EQUAL_N) if manifest.rarefied else NEURONS


def feature_columns(manifest: Manifest) -> tuple[Column, ...]:
    """Columns of the table of features."""
    return (*FEATURES, *similar_columns(manifest.spaces))


def load_comparison(root: Path, manifest: Manifest) -> Comparison | None:
    """Load the comparison of spaces; None if the atlas has none."""
    if not manifest.compared:
        return None
    return comparison(load_table(root, SPACES_FILE, COMPARISONS, sum(manifest.n_neurons)))


def load_documents(root: Path, manifest: Manifest) -> DocumentTable | None:
    """Map the documents of the texts; None if the atlas does not have them."""
    if not manifest.documents:
        return None
    return DocumentTable.of(manifest.n_ctx, load_columns(root, DOCUMENTS, {}))


def load_columns(folder: Path, specs: tuple[Array, ...], sizes: dict[str, int]) -> dict[str, np.ndarray]:
    """Arrays of one layer, by the names of their files."""
    return {Path(spec.file).stem: load_array(folder, spec, sizes) for spec in specs}


def load_vocab(root: Path) -> list[str]:
    """The text of every token id. Raises AtlasError for anything else."""
    path, vocab = root / "vocab.json", load_json(root, "vocab.json", MOST_VOCAB_BYTES)
    if not (isinstance(vocab, list) and all(isinstance(text, str) for text in vocab)):
        raise AtlasError(f"{path} must hold a list of texts: build the atlas again")
    if len(vocab) > MOST_TOKENS:
        raise AtlasError(f"{path} holds {len(vocab)} tokens, more than {MOST_TOKENS}: build the atlas again")
    if max(map(len, vocab), default=0) > MOST_CHARACTERS:
        raise AtlasError(f"{path} holds a token of more than {MOST_CHARACTERS} characters: build the atlas again")
    return vocab
