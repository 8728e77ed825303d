"""The last stages in their order: features found become tables, indexes and files of one atlas."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ne_core.atlas.paths import SPACES_FILE, index_file
from ne_core.atlas.schema import (
    COMPARISONS,
    CONTRIBUTIONS,
    FEATURES,
    LOGIT_EFFECTS,
    NEURONS,
    RANDOM_DIRECTIONS,
    RAREFIED,
)
from ne_core.method.naming import word_classes
from ne_core.method.similar import SPACES
from ne_core.sharing.atomic_write import new_atlas
from precompute.run.mapped import let_go
from precompute.steps import index
from precompute.steps.contributions import Columns as Contributions
from precompute.steps.equal_n import Rarefied
from precompute.steps.layer_features import LayerFound, Texts
from precompute.steps.layout import layout
from precompute.steps.logits import Columns
from precompute.steps.names import named
from precompute.steps.sample import LayerStatistics
from precompute.steps.search_index import write_search
from precompute.write.arrays import Clipped, write_columns, write_examples, write_inputs, write_layer
from precompute.write.atlas import write_manifest
from precompute.write.tables import write_index, write_table

logger = logging.getLogger(__name__)

MAPPED = "pre_mlp"  # the space whose similar features stand together on the map, unless told: the one shown first


@dataclass(frozen=True)
class Indexed:
    """All layers' features by id: the columns of schema.FEATURES, and their central vectors in each space.

    The vectors need not have length 1. Each space's are asked for once and read in blocks: a mapping that computes
    them when asked, or holds memory maps, keeps them out of memory.
    """

    features: Mapping[str, np.ndarray]
    vectors: Mapping[str, Float[np.ndarray, "n_features d_in"]]


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


def write_atlas(
    out: Path,
    texts: Texts,
    layers: Sequence[LayerFound],
    statistics: Mapping[int, LayerStatistics],
    importances: Mapping[int, Float[np.ndarray, "n_rows n_baselines n_back"]],
    logits: Mapping[int, Columns] | None,
    found: Indexed,
    facts: Mapping,
    progress: Callable[[int, int], None] = lambda done, total: None,
    beside: Callable[[Path], None] = lambda folder: None,
    rarefied: Rarefied | None = None,
    contributions: Mapping[int, Contributions] | None = None,
    compared: Mapping[str, np.ndarray] | None = None,
) -> None:
    """An atlas at `out`; `facts` are the manifest's fields that the arrays cannot tell, `compared` the table of spaces.

    `facts["inputs"]` says whether x of every kept example is written, `facts["contributions"]` what the columns of
    `contributions` are, which are asked for a layer at a time, or why there are none. `beside` may write further files
    into the folder. Raises WriteError, in one line, and leaves what stood at `out` as it was.
    """
    ends: Clipped = {}
    with new_atlas(out) as folder:
        write_examples(folder, texts)
        for done, layer in enumerate(layers):
            number = layer.rows.layer
            ends |= write_layer(folder, layer.rows, layer.features, statistics[number], importances[number])
            if logits is not None:
                ends |= write_columns(folder, number, LOGIT_EFFECTS, logits[number])
            if rarefied is not None:
                write_columns(folder, number, RANDOM_DIRECTIONS, rarefied.by_layer[number])
            if contributions is not None:
                write_columns(folder, number, CONTRIBUTIONS, contributions[number])
            if facts["inputs"]:
                ends |= write_inputs(folder, layer.rows)
                let_go(layer.rows.x)
            progress(done + 1, len(layers))
        write_neurons(folder / "neurons.parquet", layers, rarefied)
        write_table(folder / "features.parquet", FEATURES, found.features)
        if compared is not None:
            write_table(folder / SPACES_FILE, COMPARISONS, compared)
        for space in SPACES:
            write_index(folder / index_file(space), found.vectors[space])
        names = np.concatenate([found.features[name] for name in ("name_keys", "name_context")], axis=1)
        write_search(folder / "search.sqlite", layers, texts, names)
        beside(folder)
        there = {
            "logit_effects": logits is not None,
            "compared": compared is not None,
            "rarefied": None if rarefied is None else rarefied.facts,
            "clipped": ends,
        }
        write_manifest(folder, {**facts, **shape_facts(texts, layers), **there})
    if ends:
        logger.warning("%s", clipped_words(ends))


def clipped_words(ends: Clipped) -> str:
    """What was beyond half precision, in one line."""
    most = sorted(ends, key=lambda file: (-ends[file], file))
    some = ", ".join(f"{ends[file]:,} in {file}" for file in most[:3])
    more = f" and {len(most) - 3} files more" if len(most) > 3 else ""
    all_of_them = f"{sum(ends.values()):,} numbers at or beyond ±65,504, the ends of half precision"
    return f"{all_of_them}, are stored as that: {some}{more}"


def write_neurons(path: Path, layers: Sequence[LayerFound], rarefied: Rarefied | None) -> None:
    table = index.neuron_table(layers)
    if rarefied is None:
        write_table(path, NEURONS, table)
    else:
        of_layers = [rarefied.by_layer[found.rows.layer] for found in layers]
        more = {column.name: np.concatenate([each[column.name] for each in of_layers]) for column in RAREFIED}
        write_table(path, (*NEURONS, *RAREFIED), table | more)


def shape_facts(texts: Texts, layers: Sequence[LayerFound]) -> dict:
    n_examples, n_ctx = texts.tokens.shape
    return {
        "kind": "transformer" if texts.images is None else "images",
        "layers": [found.rows.layer for found in layers],
        "n_neurons": [found.rows.weights.n_neurons for found in layers],
        "d_in": [found.rows.weights.d_in for found in layers],
        "n_examples": n_examples,
        "n_ctx": n_ctx,
        "window": {"back": texts.window.back, "forward": texts.window.forward},
        "spaces": list(SPACES),
    }
