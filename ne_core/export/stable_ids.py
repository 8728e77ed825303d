"""Ids of features that stay when numbers change: a hash of the model, the neuron and the texts of its examples.

A feature's row number and its number within the neuron depend on the atlas and the cut. Two features with one id are
clusters of the same texts of one neuron of one model, in any atlas. With h mixing 64 bits (splitmix64), and sums modulo
2⁶⁴, which do not depend on the order of examples,

    id = h(model + h(layer, neuron) + Σ over examples h(Σ over tokens h(place) · (token + 2)))
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int, UInt64

from ne_core.atlas import Atlas
from ne_core.atlas.data import LayerFiles

STEP, FIRST, SECOND = (np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def stable_ids(atlas: Atlas, ids: Sequence[int] | Int[np.ndarray, " n"]) -> list[str]:
    """Return the stable id of each feature of the table of features, 16 hexadecimal digits."""
    ids = np.asarray(ids, dtype=np.int64)
    layer, neuron, feature = (np.asarray(atlas.features[name])[ids].astype(np.int64) for name in COLUMNS)
    result = np.zeros(len(ids), dtype=np.uint64)
    for each in np.unique(layer).tolist():
        places = np.flatnonzero(layer == each)
        result[places] = in_layer(atlas, each, neuron[places], feature[places])
    return [f"{id:016x}" for id in mixed(result + model_number(atlas)).tolist()]


COLUMNS = ("layer", "neuron", "feature")


def in_layer(
    atlas: Atlas, layer: int, neuron: Int[np.ndarray, " n"], feature: Int[np.ndarray, " n"]
) -> UInt64[np.ndarray, " n"]:
    """Return the sum of neuron and examples of each feature of one layer."""
    files = atlas.files[layer]
    neurons, index = np.unique(neuron, return_inverse=True)
    rows = np.concatenate([np.arange(*files.offsets[each : each + 2]) for each in neurons.tolist()])
    owner = np.repeat(np.arange(len(neurons)), np.diff(files.offsets)[neurons])
    most = int(feature.max(initial=0)) + 1
    number = np.asarray(files.columns["feature"])[rows].astype(np.int64)
    inside = number < most
    sums = np.zeros(len(neurons) * most, dtype=np.uint64)
    np.add.at(sums, (owner * most + number)[inside], text_numbers(atlas, files, rows)[inside])
    unit = np.uint64(layer) << np.uint64(32) | neuron.astype(np.uint64)
    return sums[index * most + feature] + mixed(unit)


def text_numbers(atlas: Atlas, files: LayerFiles, rows: Int[np.ndarray, " k"]) -> UInt64[np.ndarray, " k"]:
    """Return a number for the text of each row up to its key token, whatever its number in the corpus."""
    example, pos = (np.asarray(files.columns[name])[rows] for name in ("example", "pos"))
    window = atlas.manifest.window
    tokens = window.slice(atlas.tokens, atlas.lengths, example, pos, -1)[:, : window.back]
    weights = mixed(np.arange(1, window.back + 1, dtype=np.uint64))
    return mixed(((tokens + 2).astype(np.uint64) * weights).sum(axis=1, dtype=np.uint64))


def model_number(atlas: Atlas) -> np.uint64:
    """Return a number for the model's weights, or for its name if they are not known."""
    model = atlas.manifest.model
    text = str(model.sha256 or model.name).encode("utf-8", "replace")
    return np.uint64(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little"))


def mixed(numbers: UInt64[np.ndarray, " n"]) -> UInt64[np.ndarray, " n"]:
    """Return numbers of which every bit depends on every bit of the argument."""
    numbers = (numbers + STEP) ^ ((numbers + STEP) >> np.uint64(30))
    numbers = numbers * FIRST
    numbers = (numbers ^ (numbers >> np.uint64(27))) * SECOND
    return numbers ^ (numbers >> np.uint64(31))
