"""Ids of features that stay when numbers change: a hash of the model, the neuron and the texts of its examples.

A feature's row number and its number within the neuron depend on the atlas and the cut. Two features with one id are
clusters of the same texts of one neuron of one model, in any atlas.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas
from ne_core.atlas.data import LayerFiles
from ne_core.refs import NeuronRef

BYTES = 8


def stable_ids(atlas: Atlas, ids: Sequence[int] | Int[np.ndarray, " n"]) -> list[str]:
    """Return the stable id of each feature of the table of features, 16 hexadecimal digits."""
    ids = np.asarray(ids, dtype=np.int64)
    layer, neuron, number = (np.asarray(atlas.features[name])[ids] for name in ("layer", "neuron", "feature"))
    result = np.full(len(ids), "", dtype=f"U{2 * BYTES}")
    for each in np.unique(layer).tolist():
        places = np.flatnonzero(layer == each)
        places = places[np.argsort(neuron[places], kind="stable")]
        result[places] = in_layer(atlas, each, neuron[places].tolist(), number[places].tolist())
    return result.tolist()


def in_layer(atlas: Atlas, layer: int, neurons: list[int], numbers: list[int]) -> list[str]:
    """Return the ids of features of one layer, sorted by neuron."""
    files, result, current, texts, features = atlas.files[layer], [], None, [], np.zeros(0)
    for neuron, number in zip(neurons, numbers, strict=True):
        if neuron != current:
            current, rows = neuron, slice(*files.offsets[neuron : neuron + 2].tolist())
            texts, features = windows(atlas, files, rows), np.asarray(files.columns["feature"][rows])
        members = [texts[row] for row in np.flatnonzero(features == number).tolist()]
        result.append(stable_id(atlas, NeuronRef(layer, neuron), members))
    return result


def windows(atlas: Atlas, files: LayerFiles, rows: slice) -> list[bytes]:
    """Return the tokens up to the key token of every example: its text, whatever its number in the corpus."""
    example, pos = (np.asarray(files.columns[name][rows]) for name in ("example", "pos"))
    tokens = atlas.manifest.window.slice(atlas.tokens, atlas.lengths, example, pos, -1)
    return [row.tobytes() for row in tokens[:, : atlas.manifest.window.back].astype("<i4")]


def stable_id(atlas: Atlas, ref: NeuronRef, members: Sequence[bytes]) -> str:
    model = atlas.manifest.model
    digest = hashlib.blake2b(f"{model.sha256 or model.name} {ref}\n".encode("utf-8", "replace"), digest_size=BYTES)
    digest.update(b"".join(sorted(members)))
    return digest.hexdigest()
