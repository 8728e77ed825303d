"""Selection of the (example, masked position) pairs that a budget allows, and the rows that they serve."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from precompute.steps.activating_examples import ActivatingExamples
from precompute.steps.layer_features import LayerFeatures

BLOCK = 4096  # rows whose pairs are computed together


@dataclass(frozen=True)
class Limits:
    """Limits of the computation: each feature's `examples` most central ones, in `passes` passes; None is all."""

    examples: int | None
    passes: int | None


def wanted_pairs(
    layers: Sequence[LayerFeatures],
    maskable: Bool[np.ndarray, "n_examples n_ctx"],
    back: int,
    examples: int | None,
    max_pairs: int | None,
) -> Bool[np.ndarray, "n_examples n_ctx"]:
    """Return the pairs to run: central examples first, then larger features, until the next row exceeds the limit."""
    wanted = np.zeros(maskable.size + 1, dtype=bool)  # the last is for id −1, no pair
    layer, row = service_order(layers, examples)
    left = maskable.size if max_pairs is None else max_pairs
    for start in range(0, len(row), BLOCK):
        ids = np.empty((len(row[start : start + BLOCK]), back), dtype=np.int64)
        for layer_index, layer_features in enumerate(layers):
            in_layer = layer[start : start + BLOCK] == layer_index
            ids[in_layer] = pair_ids(layer_features.rows, row[start : start + BLOCK][in_layer], maskable, back)
        new = new_pairs(ids, wanted)
        affordable = np.cumsum(new) <= left
        wanted[ids[affordable]] = True
        wanted[-1] = False
        left -= int(new[affordable].sum())
        if not affordable.all():
            break
    return wanted[:-1].reshape(maskable.shape)


def covered_rows(
    rows: ActivatingExamples,
    maskable: Bool[np.ndarray, "n_examples n_ctx"],
    pairs: Bool[np.ndarray, "n_examples n_ctx"],
    back: int,
) -> Int[np.ndarray, " n"]:
    """Return the rows whose pairs are all run, including rows that were not selected: they cost nothing more."""
    wanted = np.append(pairs.reshape(-1), True)
    blocks = np.array_split(np.arange(rows.n_rows), range(BLOCK, rows.n_rows, BLOCK))
    return np.concatenate([block[wanted[pair_ids(rows, block, maskable, back)].all(axis=1)] for block in blocks])


def pair_ids(
    rows: ActivatingExamples, row: Int[np.ndarray, " n"], maskable: Bool[np.ndarray, "n_examples n_ctx"], back: int
) -> Int[np.ndarray, "n back"]:
    """Return the (example, masked position) pairs of each row, numbered over the corpus; −1 for no pair."""
    masked_pos = positions_back(rows.pos[row], back)
    example = rows.example[row, None].astype(np.int64)
    is_maskable = (masked_pos >= 0) & maskable[example, np.maximum(masked_pos, 0)]
    return np.where(is_maskable, example * maskable.shape[1] + masked_pos, -1)


def positions_back(pos: Int[np.ndarray, " n"], back: int) -> Int[np.ndarray, "n back"]:
    """Return the `back` positions up to and including each key token's; negative before the example's start."""
    return pos[:, None].astype(np.int64) + np.arange(1 - back, 1)


def service_order(
    layers: Sequence[LayerFeatures], examples: int | None
) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
    """Return the index of the layer, and the row in it, of every eligible row, in order of priority."""
    columns = []
    for layer_index, layer_features in enumerate(layers):
        features = layer_features.features
        row = np.flatnonzero(features.rank < examples) if examples is not None else np.arange(len(features.rank))
        size = features.size[layer_features.feature_of_row[row]]
        columns.append((np.full(len(row), layer_index), row, -size, features.rank[row]))
    layer, row, size, rank = (np.concatenate(column) for column in zip(*columns, strict=True))
    order = np.lexsort((row, layer, size, rank))
    return layer[order], row[order]


def new_pairs(ids: Int[np.ndarray, "n back"], wanted: Bool[np.ndarray, " n_pairs"]) -> Int[np.ndarray, " n"]:
    """Return the number of pairs that each row adds to the wanted ones and to those of the rows before it."""
    flat_ids = ids.reshape(-1)
    index = np.flatnonzero((flat_ids >= 0) & ~wanted[flat_ids])
    _, first = np.unique(flat_ids[index], return_index=True)
    return np.bincount(index[first] // ids.shape[1], minlength=len(ids))
