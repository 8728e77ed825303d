"""Packing of masked windows into rows and of rows into batches: arrays only, without a model.

A *window* holds the tokens that a (prompt, masked position) pair needs computed: from the mask to the last position
read under it. A row holds several windows of one prompt side by side, so that the prompt's clean keys are stored once
for all of them. Rows that need the same depth and a similar number of clean keys share a batch.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from precompute.models.source import Readings


@dataclass(frozen=True)
class Pairs:
    """Distinct (prompt, masked position) pairs of some readings, sorted by prompt, deepest first, then by position.

    `end` is one past the last position read under the mask, `depth` the last layer read; `of_reading` is the pair of
    each reading.
    """

    prompt: Int[np.ndarray, " pairs"]
    masked: Int[np.ndarray, " pairs"]
    end: Int[np.ndarray, " pairs"]
    depth: Int[np.ndarray, " pairs"]
    of_reading: Int[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.prompt)

    def ordered(self, order: Int[np.ndarray, " pairs"]) -> "Pairs":
        """Return the same pairs in another order."""
        columns = (column[order] for column in (self.prompt, self.masked, self.end, self.depth))
        return Pairs(*columns, np.argsort(order)[self.of_reading])


def pairs_of(readings: Readings) -> Pairs:
    n_pos = int(readings.masked.max(initial=0)) + 1
    ids, of_reading = np.unique(readings.prompt * n_pos + readings.masked, return_inverse=True)
    end, depth = (largest(of_reading, column, len(ids)) for column in (readings.pos + 1, readings.layer))
    prompt, masked = np.divmod(ids, n_pos)
    return Pairs(prompt, masked, end, depth, of_reading).ordered(np.lexsort((masked, -depth, prompt)))


def largest(group: Int[np.ndarray, " n"], values: Int[np.ndarray, " n"], n_groups: int) -> Int[np.ndarray, " groups"]:
    """Return the largest value of each group; no group may be empty."""
    maxima = np.full(n_groups, values.min(initial=0))
    np.maximum.at(maxima, group, values)
    return maxima


@dataclass(frozen=True)
class Rows:
    """Windows arranged in rows, which are numbered in the order in which they run.

    `row` and `slot` are the first slot of each pair's window; `prompt` and `n_slots` describe the rows.
    """

    pairs: Pairs
    row: Int[np.ndarray, " pairs"]
    slot: Int[np.ndarray, " pairs"]
    prompt: Int[np.ndarray, " rows"]
    n_slots: Int[np.ndarray, " rows"]

    def __len__(self) -> int:
        return len(self.prompt)


def in_rows(pairs: Pairs, windows: int) -> Rows:
    """Return rows with room for `windows` windows of the largest size."""
    width = pairs.end - pairs.masked
    row, slot = fill(pairs.prompt, width, windows * int(width.max()))
    n_rows = int(row[-1]) + 1
    n_slots, depth, n_clean = (largest(row, column, n_rows) for column in (slot + width, pairs.depth, pairs.masked))
    order = np.lexsort((n_clean, -n_slots, -depth))
    prompt = pairs.prompt[np.searchsorted(row, order)]
    return Rows(pairs, np.argsort(order)[row], slot, prompt, n_slots[order])


def fill(
    prompt: Int[np.ndarray, " pairs"], width: Int[np.ndarray, " pairs"], room: int
) -> tuple[Int[np.ndarray, " pairs"], Int[np.ndarray, " pairs"]]:
    """Return row and first slot of each window: the previous window's row if it has the same prompt and room."""
    slots, row, used, previous = [], -1, 0, None
    for prompt_of_window, size in zip(prompt.tolist(), width.tolist(), strict=True):
        if prompt_of_window != previous or used + size > room:
            row, used, previous = row + 1, 0, prompt_of_window
        slots.append((row, used))
        used += size
    row, slot = np.array(slots).reshape(-1, 2).T
    return row, slot


@dataclass(frozen=True)
class Batch:
    """Rows of one forward pass: each token's position in its prompt, and the masked position of its window.

    Empty slots have position 0 and a window masked at −1. `reading` are the readings that the batch computes, `token`
    their slots in the flattened batch.
    """

    prompt: Int[np.ndarray, " rows"]
    pos: Int[np.ndarray, "rows slots"]
    masked: Int[np.ndarray, "rows slots"]
    reading: Int[np.ndarray, " k"]
    token: Int[np.ndarray, " k"]

    @property
    def n_clean(self) -> int:
        """Number of clean keys that some token of the batch sees."""
        return int(self.masked.max())

    def visible(self) -> Bool[np.ndarray, "rows slots keys"]:
        """Return the keys that each token sees: clean keys before its window's mask, and its window up to itself."""
        clean = np.arange(self.n_clean) < self.masked[:, :, None]
        same = self.masked[:, :, None] == self.masked[:, None, :]
        return np.concatenate([clean, same & (self.pos[:, :, None] >= self.pos[:, None, :])], axis=2)


def windows_batch(rows: Rows, part: slice, readings: Readings) -> Batch:
    """Return the batch of some rows."""
    pairs = rows.pairs
    shape = part.stop - part.start, int(rows.n_slots[part].max())
    pos, masked = np.zeros(shape, dtype=np.int64), np.full(shape, -1)
    pairs_in_part = np.flatnonzero((rows.row >= part.start) & (rows.row < part.stop))
    width = (pairs.end - pairs.masked)[pairs_in_part]
    pair = np.repeat(pairs_in_part, width)
    offset = np.arange(len(pair)) - np.repeat(np.cumsum(width) - width, width)
    slots = rows.row[pair] - part.start, rows.slot[pair] + offset
    pos[slots], masked[slots] = pairs.masked[pair] + offset, pairs.masked[pair]
    start = (rows.row - part.start) * shape[1] + rows.slot - pairs.masked
    return Batch(rows.prompt[part], pos, masked, *readings_of(pairs, pairs_in_part, start, readings))


def prompts_batch(pairs: Pairs, part: slice, n_pos: int, readings: Readings) -> Batch:
    """Return the batch of some pairs, each as its whole prompt of `n_pos` positions."""
    prompt, masked = pairs.prompt[part], pairs.masked[part]
    pos, masked = (np.array(a) for a in np.broadcast_arrays(np.arange(n_pos), masked[:, None]))
    start = (np.arange(len(pairs)) - part.start) * n_pos
    return Batch(prompt, pos, masked, *readings_of(pairs, np.arange(part.start, part.stop), start, readings))


def readings_of(
    pairs: Pairs, some: Int[np.ndarray, " some"], start: Int[np.ndarray, " pairs"], readings: Readings
) -> tuple[Int[np.ndarray, " k"], Int[np.ndarray, " k"]]:
    """Return the readings of some pairs and their slots, if position p of a pair's prompt is at slot `start` + p."""
    selected = np.zeros(len(pairs), dtype=bool)
    selected[some] = True
    reading = np.flatnonzero(selected[pairs.of_reading])
    return reading, start[pairs.of_reading[reading]] + readings.pos[reading]
