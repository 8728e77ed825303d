"""Which (example, masked position) pairs are run under a budget, and which rows they serve."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from precompute.steps.activating_examples import LayerRows
from precompute.steps.layer_features import LayerFound

BLOCK = 4096  # rows whose pairs are looked at together


@dataclass(frozen=True)
class Limits:
    """How much to compute: each feature's `examples` most central ones, in `passes` passes; None is all."""

    examples: int | None
    passes: int | None


def wanted_pairs(
    layers: Sequence[LayerFound],
    maskable: Bool[np.ndarray, "n_examples n_ctx"],
    back: int,
    examples: int | None,
    allowed: int | None,
) -> Bool[np.ndarray, "n_examples n_ctx"]:
    """The pairs to run. Central examples come first, then larger features, until the next row's pairs are too many."""
    wanted = np.zeros(maskable.size + 1, dtype=bool)  # the last stands for "none"
    layer, row = service_order(layers, examples)
    left = maskable.size if allowed is None else allowed
    for start in range(0, len(row), BLOCK):
        ids = np.empty((len(row[start : start + BLOCK]), back), dtype=np.int64)
        for number, found in enumerate(layers):
            mine = layer[start : start + BLOCK] == number
            ids[mine] = pair_ids(found.rows, row[start : start + BLOCK][mine], maskable, back)
        new = new_pairs(ids, wanted)
        served = np.cumsum(new) <= left
        wanted[ids[served]] = True
        wanted[-1] = False
        left -= int(new[served].sum())
        if not served.all():
            break
    return wanted[:-1].reshape(maskable.shape)


def covered_rows(
    rows: LayerRows,
    maskable: Bool[np.ndarray, "n_examples n_ctx"],
    pairs: Bool[np.ndarray, "n_examples n_ctx"],
    back: int,
) -> Int[np.ndarray, " n"]:
    """Rows all of whose pairs are run, those included that others asked for: they cost nothing more."""
    wanted = np.append(pairs.reshape(-1), True)
    blocks = np.array_split(np.arange(rows.n_rows), range(BLOCK, rows.n_rows, BLOCK))
    return np.concatenate([block[wanted[pair_ids(rows, block, maskable, back)].all(axis=1)] for block in blocks])


def pair_ids(
    rows: LayerRows, chosen: Int[np.ndarray, " n"], maskable: Bool[np.ndarray, "n_examples n_ctx"], back: int
) -> Int[np.ndarray, "n back"]:
    """The (example, masked position) pairs that each row needs, numbered over the corpus; −1 where there is none."""
    at = positions_back(rows.pos[chosen], back)
    example = rows.example[chosen, None].astype(np.int64)
    there = (at >= 0) & maskable[example, np.maximum(at, 0)]
    return np.where(there, example * maskable.shape[1] + at, -1)


def positions_back(pos: Int[np.ndarray, " n"], back: int) -> Int[np.ndarray, "n back"]:
    """The `back` positions that end with each key token's; negative where the example has none."""
    return pos[:, None].astype(np.int64) + np.arange(1 - back, 1)


def service_order(
    layers: Sequence[LayerFound], examples: int | None
) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
    """Number of the layer, and row in it, of every row that may be served, in the order of service."""
    columns = []
    for number, found in enumerate(layers):
        rank = found.features.rank
        row = np.flatnonzero(rank < examples) if examples is not None else np.arange(len(rank))
        columns.append((np.full(len(row), number), row, -found.features.size[found.feature_of_row[row]], rank[row]))
    layer, row, size, rank = (np.concatenate(column) for column in zip(*columns, strict=True))
    order = np.lexsort((row, layer, size, rank))
    return layer[order], row[order]


def new_pairs(ids: Int[np.ndarray, "n back"], wanted: Bool[np.ndarray, " n_pairs"]) -> Int[np.ndarray, " n"]:
    """How many pairs each row adds to those that are wanted and to those of the rows before it."""
    flat = ids.reshape(-1)
    open_at = np.flatnonzero((flat >= 0) & ~wanted[flat])
    _, first = np.unique(flat[open_at], return_index=True)
    return np.bincount(open_at[first] // ids.shape[1], minlength=len(ids))
