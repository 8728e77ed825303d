"""The front of the sweep, and runs that are matched by how sparse they are."""

import numpy as np

from ne_core.lab.sweep import counterpart, front, matched, nearest_run, of_kind, reads_one_input
from tests.support.planted_lab import planted_lab


def test_the_front_is_what_nothing_beats():
    across, up = np.array([3.0, 1, 2, 2, 4]), np.array([1.0, 5, 3, 2, 1])
    assert front(across, up).tolist() == [1, 3, 0]
    assert front(np.zeros(0), np.zeros(0)).tolist() == []


def test_the_front_agrees_with_brute_force():
    rng = np.random.default_rng(1)
    across, up = rng.integers(0, 9, 60).astype(float), rng.integers(0, 9, 60).astype(float)
    found = {(across[i], up[i]) for i in front(across, up)}
    beaten = lambda i: ((across <= across[i]) & (up <= up[i]) & ((across < across[i]) | (up < up[i]))).any()  # noqa: E731
    assert found == {(across[i], up[i]) for i in range(60) if not beaten(i)}


def test_runs_are_matched_by_l0_and_then_by_seed():
    lab = planted_lab()
    assert of_kind(lab, "standard").tolist() == [0, 1, 2]
    assert [counterpart(lab, run) for run in range(6)] == [3, 4, 5, 0, 1, 2]
    lab.runs["l0"][[3, 4, 5]] = 2.0
    assert nearest_run(lab, 2, [3, 4, 5]) == 5


def test_matched_pairs_cover_the_sweep_and_repeat_no_run():
    lab = planted_lab()
    pairs = [(pair.standard, pair.ne) for pair in matched(lab, 3)]
    assert pairs == [(1, 4), (0, 3), (2, 5)]
    assert [(pair.standard, pair.ne) for pair in matched(lab, 2)] == [(1, 4), (2, 5)]
    without = matched(lab, 3, ~reads_one_input(lab))
    assert [(pair.standard, pair.ne) for pair in without] == [(0, 3), (2, 5)]
    assert matched(lab, 3, np.zeros(6, dtype=bool)) == []
    lab.runs["l0"][3] = 2.0  # a quarter from the nearest standard run
    assert [(pair.standard, pair.ne) for pair in matched(lab, 3)] == [(1, 4), (2, 5)]
    lab.runs["l0"][[3, 4, 5]] = 9
    assert matched(lab, 3) == []
