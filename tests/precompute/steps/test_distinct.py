"""Near duplicates that a build drops: numbers of endings, the first of each, and the rows that are left."""

import numpy as np
import pytest

from ne_core.method.layer import NeuronLayer
from ne_core.queries.duplicates import endings_at
from ne_core.text.windows import Window
from precompute.config import ConfigError, RunConfig
from precompute.steps import distinct
from precompute.steps.collect import Gathering, layer_rows, unit_candidates
from precompute.steps.directions import Pool, activating_rows
from precompute.steps.distinct import ending_numbers, endings_of, first_of_each
from precompute.steps.layer_features import Texts
from tests.precompute.steps.test_collect import N_CTX, N_NEURONS, job_of, source_of

WORDS = ["a" * 20, "b" * 20, "c", "é"]


@pytest.fixture
def texts() -> Texts:
    rng = np.random.default_rng(0)
    return Texts(rng.integers(4, size=(30, 6)).astype(np.int32), np.full(30, 6, np.int32), WORDS, Window(2, 1))


def test_first_of_each_by_hand():
    assert first_of_each(np.array([0, 0, 0, 1, 1]), np.array([7, 7, 2, 7, 7])).tolist() == [
        True,
        False,
        True,
        True,
        False,
    ]
    assert first_of_each(np.zeros(0, int), np.zeros(0, int)).tolist() == []


@pytest.mark.parametrize("block", [7, 1000])
def test_numbers_are_equal_for_equal_endings_only(texts, block, monkeypatch):
    monkeypatch.setattr(distinct, "BLOCK", block)
    rng = np.random.default_rng(1)
    example, pos = rng.integers(30, size=200), rng.integers(6, size=200)
    numbers = ending_numbers(texts, example, pos)
    read = np.array(endings_at(texts.tokens, texts.lengths, texts.vocab, example, pos))
    assert np.array_equal(numbers[:, None] == numbers, read[:, None] == read)
    assert len(set(read)) < 200


def test_duplicates_are_kept_by_default(texts):
    assert endings_of(RunConfig(), texts) is None
    assert endings_of(RunConfig(near_duplicates="drop"), texts) is not None
    with pytest.raises(ConfigError, match="near-duplicates: 'maybe' is not keep or drop"):
        RunConfig(near_duplicates="maybe")


def test_random_directions_drop_duplicates_where_neurons_do():
    weights, x = NeuronLayer(np.ones((1, 1), np.float32), np.zeros(1, np.float32)), np.ones((6, 1), np.float16)
    every, drop = (Pool(weights, x, np.arange(6), ending) for ending in (None, np.array([4, 1, 4, 4, 1, 0])))
    rows = [
        activating_rows(pool, np.ones((1, 1), np.float32), np.zeros(1), 0.5, 5)[0].tolist() for pool in (every, drop)
    ]
    assert rows == [[0, 1, 2, 3, 4], [0, 1]]  # the first five, then without duplicates


def test_rows_left_are_the_first_of_each_ending():
    """Everything of a row that is left is as it was, its x included."""
    source, tokens = source_of(np.random.default_rng(3).normal(size=(40, N_CTX, N_NEURONS)).astype(np.float16))
    job = job_of(tokens)
    gathering, units = Gathering(job), {}
    for unit in range(job.n_units):
        units[unit] = unit_candidates(source, job, (unit, gathering.hints()))
        gathering.add(unit, units[unit])
    everything, left = (
        layer_rows(job, 5, gathering.candidates(5), source.layer(5), units.__getitem__, endings=endings)
        for endings in (None, lambda example, pos: (np.int64(example) + pos) % 3)
    )
    ending = (everything.example + everything.pos) % 3
    seen, rows = set(), []
    for row, pair in enumerate(zip(everything.neuron.tolist(), ending.tolist(), strict=True)):
        rows += [] if pair in seen else [row]
        seen.add(pair)
    assert 0 < len(rows) < everything.n_rows
    for name in ("neuron", "example", "pos", "activation", "window_activations"):
        np.testing.assert_array_equal(getattr(left, name), getattr(everything, name)[rows])
    np.testing.assert_array_equal(left.x[left.x_row], everything.x[everything.x_row[rows]])
    np.testing.assert_array_equal(left.maxima, everything.maxima)
    assert len(left.x) == len(np.unique(left.x_row))
