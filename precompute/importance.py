"""Stage 3: what every neuron loses on its key token when a token before it is masked (METHOD, section 4).

    importance of token t = 1 − activation on the key token with t masked / activation on the key token

Signed: a token that inhibits is below zero. The key token itself is in the window. One masked pass of an example, a
(example, masked position) pair, serves every neuron of every layer whose key token it precedes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from precompute.collected import LayerRows
from precompute.config import RunConfig
from precompute.found import LayerFound, Texts
from precompute.source import MaskedPass, Source

BLOCK = 4096  # rows whose pairs are looked at together


class ImportanceError(ValueError):
    """The masked activations cannot be used; the message says why in one line."""


@dataclass(frozen=True)
class Limits:
    """How much to compute: each feature's `examples` most central ones, in `passes` passes; None is all."""

    examples: int | None
    passes: int | None


@dataclass(frozen=True)
class Importances:
    """By layer, [row baseline back]; NaN where a position is no token, is special, or was not computed."""

    by_layer: dict[int, Float[np.ndarray, "n_rows n_baselines n_back"]]
    facts: dict[str, int | None]


def importances(
    source: Source,
    layers: Sequence[LayerFound],
    texts: Texts,
    maskable: Bool[np.ndarray, "n_examples n_ctx"],
    baselines: Sequence[str],
    limits: Limits,
    work_unit: int = RunConfig.work_unit,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Importances:
    """`maskable` positions are real tokens with text; `progress` counts masked passes."""
    allowed = None if limits.passes is None else limits.passes // len(baselines)
    pairs = wanted_pairs(layers, maskable, texts.window.back, limits.examples, allowed)
    tables = [Table(found.rows, maskable, pairs, len(baselines), texts.window.back) for found in layers]
    n_passes, done = int(pairs.sum()) * len(baselines), 0
    for number, baseline in enumerate(source.baselines(baselines).values()):
        for start in range(0, len(pairs), work_unit):
            unit = slice(start, min(start + work_unit, len(pairs)))
            if pairs[unit].any():
                waiting = {table.layer: table.waiting(unit, number) for table in tables}
                run_unit(source, texts, unit, pairs[unit], baseline, waiting)
            done += int(pairs[unit].sum())
            progress(done, n_passes)
    rows = {"rows": sum(t.n_computed for t in tables), "rows_in_all": sum(found.rows.n_rows for found in layers)}
    facts = {"examples": limits.examples, "passes_allowed": limits.passes, "passes": n_passes, **rows}
    return Importances({table.layer: table.values for table in tables}, facts)


def run_unit(
    source: Source,
    texts: Texts,
    unit: slice,
    pairs: Bool[np.ndarray, "batch pos"],
    baseline: Float[torch.Tensor, " d_model"],
    waiting: Mapping[int, "Waiting"],
) -> None:
    """The masked passes of some examples, in which only layers that have a row to fill in are read."""
    arrays = (texts.tokens[unit], texts.lengths[unit], np.argwhere(pairs))
    tokens, lengths, wanted = (torch.from_numpy(array.astype(np.int64)).to(source.device) for array in arrays)
    layers = [layer for layer, rows in waiting.items() if len(rows.row)]
    source.read_masked(
        tokens, lengths, wanted, baseline, texts.window.back, lambda found: waiting[found.layer].take(found), layers
    )


def back_positions(rows: LayerRows, chosen: Int[np.ndarray, " n"], back: int) -> Int[np.ndarray, "n back"]:
    return rows.pos[chosen, None] + np.arange(1 - back, 1)


def pair_ids(
    rows: LayerRows, chosen: Int[np.ndarray, " n"], maskable: Bool[np.ndarray, "n_examples n_ctx"], back: int
) -> Int[np.ndarray, "n back"]:
    """The (example, masked position) pairs that each row needs, numbered over the corpus; −1 where there is none."""
    at = back_positions(rows, chosen, back)
    example = rows.example[chosen, None].astype(np.int64)
    there = (at >= 0) & maskable[example, np.maximum(at, 0)]
    return np.where(there, example * maskable.shape[1] + at, -1)


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
        served = np.cumsum(new_pairs(ids, wanted)) <= left
        before = np.count_nonzero(wanted[:-1])
        wanted[ids[served]] = True
        wanted[-1] = False
        left -= np.count_nonzero(wanted[:-1]) - before
        if not served.all():
            break
    return wanted[:-1].reshape(maskable.shape)


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


class Table:
    """One layer's importances, filled in as masked passes come by."""

    def __init__(
        self,
        rows: LayerRows,
        maskable: Bool[np.ndarray, "n_examples n_ctx"],
        pairs: Bool[np.ndarray, "n_examples n_ctx"],
        n_baselines: int,
        back: int,
    ):
        self.layer, self.rows, self.back = rows.layer, rows, back
        self.values = np.full((rows.n_rows, n_baselines, back), np.nan, dtype=np.float32)
        computed = self.covered(maskable, pairs)
        self.n_computed = len(computed)
        order = np.lexsort((rows.pos[computed], rows.example[computed]))
        self.computed, self.neuron = computed[order], rows.neuron[computed[order]]

    def covered(
        self, maskable: Bool[np.ndarray, "n_examples n_ctx"], pairs: Bool[np.ndarray, "n_examples n_ctx"]
    ) -> Int[np.ndarray, " n"]:
        """Rows all of whose pairs are run, those included that others asked for: they cost nothing more."""
        wanted = np.append(pairs.reshape(-1), True)
        blocks = np.array_split(np.arange(self.rows.n_rows), range(BLOCK, self.rows.n_rows, BLOCK))
        return np.concatenate(
            [block[wanted[pair_ids(self.rows, block, maskable, self.back)].all(axis=1)] for block in blocks]
        )

    def waiting(self, unit: slice, baseline: int) -> "Waiting":
        """The rows of some examples, as they wait for one baseline's passes."""
        lo, hi = np.searchsorted(self.rows.example[self.computed], [unit.start, unit.stop])
        row, neuron = self.computed[lo:hi], self.neuron[lo:hi]
        order = np.argsort(self.rows.pos[row], kind="stable")
        return Waiting(self, row[order], neuron[order], self.rows.example[row[order]] - unit.start, baseline)


@dataclass(frozen=True)
class Waiting:
    """Rows of one layer and unit, sorted by the position of their key token; `prompt` is the example in the unit."""

    table: Table
    row: Int[np.ndarray, " n"]
    neuron: Int[np.ndarray, " n"]
    prompt: Int[np.ndarray, " n"]
    baseline: int

    def take(self, found: MaskedPass) -> None:
        """Fill in what the rows whose key token stands in this pass's window lost."""
        rows, back = self.table.rows, self.table.back
        near = slice(*np.searchsorted(rows.pos[self.row], [found.masked, found.masked + back]))
        index = found.index.cpu().numpy()
        place = np.full(max(self.prompt.max(initial=0), index.max()) + 1, -1)
        place[index] = np.arange(len(index))
        at = place[self.prompt[near]]
        row, neuron = self.row[near][at >= 0], self.neuron[near][at >= 0]
        if not len(row):
            return
        where = (at[at >= 0], rows.pos[row] - found.start, neuron)
        masked = found.activations[tuple(torch.from_numpy(part.astype(np.int64)) for part in where)]
        lost = 1 - masked.float().cpu().numpy() / rows.activation[row]
        if not np.isfinite(lost).all():
            raise ImportanceError(f"layer {found.layer} has activations that are not finite when a token is masked")
        self.table.values[row, self.baseline, back - 1 - (rows.pos[row] - found.masked)] = lost
