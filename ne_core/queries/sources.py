"""Sources of examples: names for the screen, and the number of documents and groups that examples come from.

How many documents k of a neuron's n examples would come from by chance, if document i has n_i of them:

    Σ_i 1 − C(n − n_i, k) / C(n, k)
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from ne_core.atlas import AtlasData, Neuron
from ne_core.refs import NeuronRef
from ne_core.text.token_text import visible

SHORT = 60  # characters of a name in a line
LONG = 300  # of a name in a tooltip
GROUPS = {"package": "packages", "file": "files", "data set": "data sets"}


@dataclass(frozen=True)
class Spread:
    """Numbers of documents and groups that some examples come from, and how many they would be by chance.

    `by_group` and `by_document` are the names with their numbers of examples, most frequent first.
    """

    n_examples: int
    by_document: list[tuple[str, int]]
    by_group: list[tuple[str, int]]
    documents_by_chance: float
    groups_by_chance: float


def source_names(atlas: AtlasData, neuron: Neuron, rows: Int[np.ndarray, " k"]) -> list[str] | None:
    """Return the name of each row's document, an untrusted text; None if the atlas does not have them."""
    if atlas.documents is None:
        return None
    return atlas.documents.sources(neuron.example[rows], neuron.pos[rows])


def central_sources(atlas: AtlasData, ids: Int[np.ndarray, " n"]) -> list[str] | None:
    """Return the name of the document of each feature's central example; None if the atlas does not have them."""
    if atlas.documents is None:
        return None
    example, pos = np.zeros(len(ids), dtype=np.int64), np.zeros(len(ids), dtype=np.int64)
    for layer, files in atlas.files.items():
        of_layer = np.flatnonzero(atlas.features["layer"][ids] == layer)
        of_these = ids[of_layer]
        rows = files.offsets[atlas.features["neuron"][of_these]] + atlas.features["central"][of_these]
        example[of_layer], pos[of_layer] = files.columns["example"][rows], files.columns["pos"][rows]
    return atlas.documents.sources(example, pos)


def has_source(atlas: AtlasData, neuron: Neuron, text: str) -> Bool[np.ndarray, " n"]:
    """Mask of a neuron's examples whose document's name begins with `text`, for an atlas that has the names."""
    documents = atlas.documents
    return documents.beginning(text)[documents.at(neuron.example, neuron.pos)]


def examples_from(atlas: AtlasData, text: str) -> Int[np.ndarray, " n_features"]:
    """Number of each feature's examples whose document's name begins with `text`, for an atlas that has the names."""
    documents, features = atlas.documents, atlas.features
    begins, counts = documents.beginning(text), np.zeros(len(features["size"]), dtype=np.int64)
    starts = np.cumsum([0, *atlas.neurons["n_features"]])
    for layer, files in atlas.files.items():
        columns = files.columns
        rows = np.flatnonzero(begins[documents.at(columns["example"], columns["pos"])])
        neuron = np.searchsorted(files.offsets, rows, side="right") - 1
        first = starts[atlas.neuron_row(NeuronRef(layer, 0)) + neuron]
        np.add.at(counts, first + columns["feature"][rows], 1)
    return counts


def short_source(name: str, most: int = SHORT) -> str:
    """Make a name readable in a line: its beginning and its end, which has the object, line or row."""
    text = visible(name)
    if len(text) <= most:
        return text
    end = 2 * most // 3
    return f"{text[: most - end - 1]}…{text[-end:]}"


def spread(atlas: AtlasData, neuron: Neuron, rows: Int[np.ndarray, " k"]) -> Spread | None:
    """Count the sources of some rows of a neuron; None if the atlas does not have them."""
    table = atlas.documents
    if table is None:
        return None
    document = table.at(neuron.example, neuron.pos)
    group = table.group[document]
    return Spread(
        len(rows),
        [(table.name(number), count) for number, count in counted(document[rows])],
        [(table.groups[number], count) for number, count in counted(group[rows])],
        kinds_by_chance(np.unique(document, return_counts=True)[1], len(rows)),
        kinds_by_chance(np.unique(group, return_counts=True)[1], len(rows)),
    )


def counted(numbers: Int[np.ndarray, " k"]) -> list[tuple[int, int]]:
    """Return each number with its count, most frequent first, then in order."""
    values, counts = np.unique(numbers, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return list(zip(values[order].tolist(), counts[order].tolist(), strict=True))


def kinds_by_chance(counts: Int[np.ndarray, " n_kinds"], k: int) -> float:
    """Return the expected number of kinds among `k` things drawn from all, of which there are `counts` of each kind."""
    n = int(counts.sum())
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])  # of factorials
    possible = counts <= n - k  # the others are certain to be among them
    rest = n - counts[possible]
    missing = np.exp(logs[rest] - logs[rest - k] - logs[n] + logs[n - k])
    return float(len(counts) - missing.sum())
