"""The last stages in their order: features found become tables, indexes and files of one atlas."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ne_core.cluster import unit
from ne_core.schema import FEATURES, NEURONS
from ne_core.similar import SPACES
from precompute import index, write
from precompute.found import LayerFound, Texts
from precompute.search_index import write_search


def write_atlas(
    out: Path,
    texts: Texts,
    layers: Sequence[LayerFound],
    importances: Mapping[int, Float[np.ndarray, "n_rows n_baselines n_back"]],
    facts: Mapping,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """An atlas at `out`; `facts` are the manifest's fields that the arrays cannot tell."""
    vectors = {space: index.space_vectors(layers, space) for space in SPACES}
    features = index.feature_table(layers, vectors, texts.tokens, progress)
    with write.new_atlas(out) as folder:
        write.write_examples(folder, texts.tokens, texts.lengths, texts.vocab)
        for found in layers:
            write.write_layer(folder, found.rows, found.features, importances[found.rows.layer])
        write.write_table(folder / "neurons.parquet", NEURONS, index.neuron_table(layers))
        write.write_table(folder / "features.parquet", FEATURES, features)
        for space in SPACES:
            write.write_faiss(folder, space, unit(vectors[space]))
        write_search(folder / "search.sqlite", layers, texts)
        write.write_manifest(folder, {**facts, **shape_facts(texts, layers)})


def shape_facts(texts: Texts, layers: Sequence[LayerFound]) -> dict:
    n_examples, n_ctx = texts.tokens.shape
    return {
        "kind": "transformer",
        "layers": [found.rows.layer for found in layers],
        "n_neurons": [found.rows.weights.n_neurons for found in layers],
        "d_in": [found.rows.weights.d_in for found in layers],
        "n_examples": n_examples,
        "n_ctx": n_ctx,
        "window": {"back": texts.window.back, "forward": texts.window.forward},
        "spaces": list(SPACES),
    }
