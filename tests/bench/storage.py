"""Size of an atlas, and recall of its 8-bit indexes: `python -m tests.bench.storage DIR SUFFIX` prints the figures.

The bound, without `inputs/`, is 170 bytes a row and 3,072 a feature, everything included.
"""

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.atlas.paths import index_file
from ne_core.atlas.schema import LAYER
from ne_core.method.similar import SPACES
from ne_core.method.trees.cluster import unit
from ne_core.queries.alignment import atlas_aligners
from ne_core.refs import NeuronRef
from tests.bench.figures import Figures

BYTES_PER_FEATURE = 3072
K, QUERIES = 20, 500
Embedding = Callable[[NeuronRef, np.ndarray], np.ndarray]
OF_ROWS = {spec.file for spec in LAYER if {"n_rows", "n_merges"} & set(spec.shape)}
OF_FEATURES = {"features.parquet", "search.sqlite", *map(index_file, SPACES)}


def measure(figures: Figures, atlas_dir: Path, suffix: str) -> None:
    """Measure the bound first, then each kind of file by what it grows with, then the rest: tokens and weights."""
    atlas = Atlas.open(atlas_dir)
    n_rows, n_features = int(atlas.neurons["n_examples"].sum()), len(atlas.features["size"])
    sizes = file_sizes(atlas)
    total = sum(sizes.values())
    figures.add(f"atlas_rows_{suffix}", n_rows, "rows")
    figures.add(f"atlas_features_{suffix}", n_features, "features")
    figures.add(f"atlas_bytes_per_row_{suffix}", (total - BYTES_PER_FEATURE * n_features) / n_rows, "bytes")
    figures.add(f"atlas_row_files_{suffix}", sum(sizes[name] for name in OF_ROWS) / n_rows, "bytes/row")
    figures.add(f"atlas_feature_files_{suffix}", sum(sizes[name] for name in OF_FEATURES) / n_features, "bytes/feature")
    for name in sorted(OF_ROWS):
        figures.add(f"atlas_{stem(name)}_{suffix}", sizes[name] / n_rows, "bytes/row")
    for name in sorted(OF_FEATURES):
        figures.add(f"atlas_{stem(name)}_{suffix}", sizes[name] / n_features, "bytes/feature")
    rest = sum(size for name, size in sizes.items() if name not in OF_ROWS | OF_FEATURES)
    figures.add(f"atlas_other_mb_{suffix}", rest / 1e6, "MB")
    figures.add(f"atlas_mb_{suffix}", total / 1e6, "MB")


def file_sizes(atlas: Atlas) -> Counter[str]:
    """Return bytes by file name, over all layers, without inputs/."""
    sizes: Counter[str] = Counter()
    for name, entry in atlas.manifest.files.items():
        if not name.startswith("inputs/"):
            sizes[Path(name).name] += entry["size"]
    sizes["manifest.json"] = (atlas.root / "manifest.json").stat().st_size
    return sizes


def stem(name: str) -> str:
    return name.replace(".", "_")


def measure_recall(figures: Figures, atlas_dir: Path, suffix: str) -> None:
    """Measure the share of the 20 nearest features by exact cosine that an index returns, for inputs of examples.

    Many features share an input: any that is as near as the twentieth counts.
    """
    atlas = Atlas.open(atlas_dir)
    for space in atlas.manifest.spaces:
        embed = embedding_in(atlas, space)
        exact, vectors = unit(central_vectors(atlas, embed)), queries(atlas, embed)
        figures.add(
            f"index_recall_at_{K}_{space}_{suffix}", recall(atlas.root / index_file(space), exact, vectors), "share"
        )


def central_vectors(atlas: Atlas, embed: Embedding) -> Float[np.ndarray, "n_features d_in"]:
    """Return the central example of each feature of the atlas, embedded."""
    parts = []
    for row in np.flatnonzero(atlas.neurons["n_features"]):
        ref = NeuronRef(int(atlas.neurons["layer"][row]), int(atlas.neurons["neuron"][row]))
        ids = atlas.feature_ids(ref)
        parts.append(embedded(atlas, embed, ref, atlas.features["central"][ids.start : ids.stop]))
    return np.concatenate(parts)


def queries(atlas: Atlas, embed: Embedding) -> Float[np.ndarray, "n_queries d_in"]:
    """Return inputs of a seeded choice of neurons with examples, one example each."""
    rng = np.random.default_rng(0)
    parts = []
    for row in rng.choice(np.flatnonzero(atlas.neurons["n_examples"]), size=QUERIES):
        ref = NeuronRef(int(atlas.neurons["layer"][row]), int(atlas.neurons["neuron"][row]))
        parts.append(embedded(atlas, embed, ref, rng.integers(atlas.neurons["n_examples"][row], size=1)))
    return unit(np.concatenate(parts))


def embedding_in(atlas: Atlas, space: str) -> Embedding:
    """Return the function that embeds inputs of a neuron in the space."""
    if space == "aligned":
        align = atlas_aligners(atlas)
        return lambda ref, x: align[ref.layer](x)
    if space == "pre_mlp":
        return lambda ref, x: x
    return lambda ref, x: atlas.weights(ref.layer).embed(x, ref.neuron)


def embedded(atlas: Atlas, embed: Embedding, ref: NeuronRef, rows: np.ndarray) -> Float[np.ndarray, "n d_in"]:
    return embed(ref, atlas.neuron_inputs(ref)[rows].astype(np.float32))


def recall(path: Path, exact: Float[np.ndarray, "n d"], vectors: Float[np.ndarray, "q d"]) -> float:
    import faiss

    _, ids = faiss.read_index(str(path)).search(vectors, K)
    cosines = vectors @ exact.T
    twentieth = -np.partition(-cosines, K - 1, axis=1)[:, K - 1]
    return float((np.take_along_axis(cosines, ids, axis=1) >= twentieth[:, None] - 1e-6).mean())


if __name__ == "__main__":
    directory, name = Path(sys.argv[1]), sys.argv[2]
    measure(Figures(), directory, name)
    if Atlas.open(directory).manifest.inputs:
        measure_recall(Figures(), directory, name)
