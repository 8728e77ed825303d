"""Which masked windows share a row, and which rows a forward pass: arrays alone, without a model.

A *window* is what a (prompt, masked position) pair needs computed: the tokens from the mask to the last position that
is read under it. A row holds several windows of one prompt side by side, so that the prompt's clean keys are laid out
once for all of them. Rows that need the same depth and about as many clean keys stand together.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from precompute.models.source import Readings


@dataclass(frozen=True)
class Pairs:
    """Each (prompt, masked position) of some readings once, sorted by prompt, deepest first, then by position.

    `end` is one past the last position that is read under the mask, `depth` the last layer; `of_reading` tells which
    pair each reading belongs to.
    """

    prompt: Int[np.ndarray, " pairs"]
    masked: Int[np.ndarray, " pairs"]
    end: Int[np.ndarray, " pairs"]
    depth: Int[np.ndarray, " pairs"]
    of_reading: Int[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.prompt)

    def ordered(self, order: Int[np.ndarray, " pairs"]) -> "Pairs":
        """The same pairs in another order."""
        columns = (column[order] for column in (self.prompt, self.masked, self.end, self.depth))
        return Pairs(*columns, np.argsort(order)[self.of_reading])


def pairs_of(readings: Readings) -> Pairs:
    n_pos = int(readings.masked.max(initial=0)) + 1
    ids, of_reading = np.unique(readings.prompt * n_pos + readings.masked, return_inverse=True)
    end, depth = (largest(of_reading, column, len(ids)) for column in (readings.pos + 1, readings.layer))
    prompt, masked = np.divmod(ids, n_pos)
    return Pairs(prompt, masked, end, depth, of_reading).ordered(np.lexsort((masked, -depth, prompt)))


def largest(group: Int[np.ndarray, " n"], values: Int[np.ndarray, " n"], n_groups: int) -> Int[np.ndarray, " groups"]:
    """The largest value of each group; every group has one."""
    found = np.full(n_groups, values.min(initial=0))
    np.maximum.at(found, group, values)
    return found


@dataclass(frozen=True)
class Rows:
    """Windows in rows, which are numbered in the order in which they run.

    `row` and `slot` say where each pair's window begins; `prompt` and `n_slots` belong to the rows.
    """

    pairs: Pairs
    row: Int[np.ndarray, " pairs"]
    slot: Int[np.ndarray, " pairs"]
    prompt: Int[np.ndarray, " rows"]
    n_slots: Int[np.ndarray, " rows"]

    def __len__(self) -> int:
        return len(self.prompt)


def in_rows(pairs: Pairs, windows: int) -> Rows:
    """Rows with room for `windows` windows of the largest size."""
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
    """Row and first slot of each window: into the row of the one before, if that is of the same prompt and has room."""
    places, row, used, before = [], -1, 0, None
    for of, size in zip(prompt.tolist(), width.tolist(), strict=True):
        if of != before or used + size > room:
            row, used, before = row + 1, 0, of
        places.append((row, used))
        used += size
    row, slot = np.array(places).reshape(-1, 2).T
    return row, slot


@dataclass(frozen=True)
class Batch:
    """Rows of one forward pass: the position of every token in its prompt, and the masked position of its window.

    Slots that nothing fills are at position 0 of a window masked at −1. Of the readings it answers, `reading` says
    which they are and `token` at which slot of the flattened batch they stand.
    """

    prompt: Int[np.ndarray, " rows"]
    pos: Int[np.ndarray, "rows slots"]
    masked: Int[np.ndarray, "rows slots"]
    reading: Int[np.ndarray, " k"]
    token: Int[np.ndarray, " k"]

    @property
    def n_clean(self) -> int:
        """How many clean keys some token of the batch sees."""
        return int(self.masked.max())

    def visible(self) -> Bool[np.ndarray, "rows slots keys"]:
        """What each token sees: clean keys before its window's mask, and its own window as far as itself."""
        clean = np.arange(self.n_clean) < self.masked[:, :, None]
        same = self.masked[:, :, None] == self.masked[:, None, :]
        return np.concatenate([clean, same & (self.pos[:, :, None] >= self.pos[:, None, :])], axis=2)


def windows_batch(rows: Rows, part: slice, readings: Readings) -> Batch:
    """Some of the rows."""
    pairs = rows.pairs
    shape = part.stop - part.start, int(rows.n_slots[part].max())
    pos, masked = np.zeros(shape, dtype=np.int64), np.full(shape, -1)
    mine = np.flatnonzero((rows.row >= part.start) & (rows.row < part.stop))
    width = (pairs.end - pairs.masked)[mine]
    pair = np.repeat(mine, width)
    further = np.arange(len(pair)) - np.repeat(np.cumsum(width) - width, width)
    at = rows.row[pair] - part.start, rows.slot[pair] + further
    pos[at], masked[at] = pairs.masked[pair] + further, pairs.masked[pair]
    start = (rows.row - part.start) * shape[1] + rows.slot - pairs.masked
    return Batch(rows.prompt[part], pos, masked, *answered(pairs, mine, start, readings))


def prompts_batch(pairs: Pairs, part: slice, n_pos: int, readings: Readings) -> Batch:
    """Some of the pairs, each as its whole prompt, `n_pos` positions of it."""
    prompt, masked = pairs.prompt[part], pairs.masked[part]
    pos, masked = (np.array(a) for a in np.broadcast_arrays(np.arange(n_pos), masked[:, None]))
    start = (np.arange(len(pairs)) - part.start) * n_pos
    return Batch(prompt, pos, masked, *answered(pairs, np.arange(part.start, part.stop), start, readings))


def answered(
    pairs: Pairs, mine: Int[np.ndarray, " some"], start: Int[np.ndarray, " pairs"], readings: Readings
) -> tuple[Int[np.ndarray, " k"], Int[np.ndarray, " k"]]:
    """The readings of some pairs, and where they stand, if position p of each pair's prompt stands at `start` + p."""
    is_mine = np.zeros(len(pairs), dtype=bool)
    is_mine[mine] = True
    reading = np.flatnonzero(is_mine[pairs.of_reading])
    return reading, start[pairs.of_reading[reading]] + readings.pos[reading]
