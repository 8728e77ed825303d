"""Packing of masked windows into rows and batches: each token once, with the right visible keys."""

import numpy as np
import pytest

from precompute.models.source import Readings
from precompute.models.transformer.packing import fill, in_rows, pairs_of, prompts_batch, windows_batch


def readings(*columns) -> Readings:
    """Return readings from (prompt, masked, pos, layer) tuples; the neuron is the reading's number."""
    return Readings(*np.array(columns).T, np.arange(len(columns)))


def random_readings(n=300) -> Readings:
    rng = np.random.default_rng(0)
    masked = rng.integers(0, 25, n)
    return Readings(rng.integers(0, 4, n), masked, masked + rng.integers(0, 6, n), rng.integers(0, 3, n), np.arange(n))


def test_pair_ends_at_last_reading_and_deepest_layer():
    pairs = pairs_of(readings((1, 3, 4, 0), (0, 7, 7, 2), (1, 3, 6, 1), (0, 2, 2, 0), (0, 1, 5, 2)))
    assert pairs.prompt.tolist() == [0, 0, 0, 1]
    assert pairs.masked.tolist() == [1, 7, 2, 3]  # deepest first within a prompt
    assert pairs.end.tolist() == [6, 8, 3, 7]
    assert pairs.depth.tolist() == [2, 2, 0, 1]
    assert pairs.of_reading.tolist() == [3, 1, 3, 2, 0]


def test_rows_hold_windows_of_one_prompt():
    row, slot = fill(np.array([0, 0, 0, 1, 1]), np.array([3, 2, 4, 1, 5]), 5)
    assert row.tolist() == [0, 0, 1, 2, 3]
    assert slot.tolist() == [0, 3, 0, 0, 0]


@pytest.mark.parametrize("windows", [1, 2, 5])
@pytest.mark.parametrize("n_rows", [1, 3, 100])
def test_every_needed_token_is_in_one_batch(windows, n_rows):
    requested = random_readings()
    pairs = pairs_of(requested)
    rows = in_rows(pairs, windows)
    tokens, answered = [], []
    for start in range(0, len(rows), n_rows):
        batch = windows_batch(rows, slice(start, min(start + n_rows, len(rows))), requested)
        row, slot = np.nonzero(batch.masked >= 0)
        tokens += zip(batch.prompt[row], batch.masked[row, slot], batch.pos[row, slot], strict=True)
        answered += batch.reading.tolist()
        slots = np.unravel_index(batch.token, batch.pos.shape)
        actual = batch.prompt[slots[0]], batch.masked[slots], batch.pos[slots]
        expected = (column[batch.reading] for column in (requested.prompt, requested.masked, requested.pos))
        for one, other in zip(actual, expected, strict=True):
            np.testing.assert_array_equal(one, other)
    needed = zip(pairs.prompt, pairs.masked, pairs.end, strict=True)
    assert sorted(tokens) == sorted((p, m, pos) for p, m, end in needed for pos in range(m, end))
    assert sorted(answered) == list(range(len(requested)))


def test_rows_are_sorted_deepest_first():
    pairs = pairs_of(random_readings())
    rows = in_rows(pairs, 2)
    depth = np.zeros(len(rows), dtype=int)
    np.maximum.at(depth, rows.row, pairs.depth)
    assert (np.diff(depth) <= 0).all()


def test_token_sees_clean_keys_and_its_window():
    requested = random_readings()
    rows = in_rows(pairs_of(requested), 3)
    batch = windows_batch(rows, slice(0, len(rows)), requested)
    visible = batch.visible()
    assert visible.any(axis=2).all()  # empty slots see a key too: without one, attention is NaN
    for row, slot in np.argwhere(batch.masked >= 0):
        masked, pos = batch.masked[row, slot], batch.pos[row, slot]
        assert np.flatnonzero(visible[row, slot, : batch.n_clean]).tolist() == list(range(masked))
        window = np.flatnonzero(visible[row, slot, batch.n_clean :])
        assert set(batch.masked[row, window].tolist()) == {masked}
        assert batch.pos[row, window].tolist() == list(range(masked, pos + 1))


def test_whole_prompts_locate_their_readings():
    requested = readings((1, 3, 4, 0), (0, 2, 0, 1), (1, 3, 1, 1))
    batch = prompts_batch(pairs_of(requested), slice(0, 2), 6, requested)
    assert batch.prompt.tolist() == [0, 1]
    assert (batch.pos == np.arange(6)).all()
    assert batch.masked[:, 0].tolist() == [2, 3]
    assert dict(zip(batch.reading.tolist(), batch.token.tolist(), strict=True)) == {0: 6 + 4, 1: 0, 2: 6 + 1}
