"""Tests of the Pareto front of the sweep, and of runs matched by L0."""

import numpy as np

from ne_core.lab.sweep import counterpart, matched_pairs, nearest_run, of_kind, pareto_front, reads_one_input
from tests.support.planted_lab import planted_lab


def test_pareto_front():
    x, y = np.array([3.0, 1, 2, 2, 4]), np.array([1.0, 5, 3, 2, 1])
    assert pareto_front(x, y).tolist() == [1, 3, 0]
    assert pareto_front(np.zeros(0), np.zeros(0)).tolist() == []


def test_pareto_front_matches_brute_force():
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 9, 60).astype(float), rng.integers(0, 9, 60).astype(float)
    points = {(x[i], y[i]) for i in pareto_front(x, y)}
    dominated = lambda i: ((x <= x[i]) & (y <= y[i]) & ((x < x[i]) | (y < y[i]))).any()  # noqa: E731
    assert points == {(x[i], y[i]) for i in range(60) if not dominated(i)}


def test_runs_match_by_l0_then_by_seed():
    lab = planted_lab()
    assert of_kind(lab, "standard").tolist() == [0, 1, 2]
    assert [counterpart(lab, run) for run in range(6)] == [3, 4, 5, 0, 1, 2]
    lab.runs["l0"][[3, 4, 5]] = 2.0
    assert nearest_run(lab, 2, [3, 4, 5]) == 5


def test_matched_pairs_cover_the_sweep_without_repeats():
    lab = planted_lab()
    pairs = [(pair.standard, pair.ne) for pair in matched_pairs(lab, 3)]
    assert pairs == [(1, 4), (0, 3), (2, 5)]
    assert [(pair.standard, pair.ne) for pair in matched_pairs(lab, 2)] == [(1, 4), (2, 5)]
    without = matched_pairs(lab, 3, ~reads_one_input(lab))
    assert [(pair.standard, pair.ne) for pair in without] == [(0, 3), (2, 5)]
    assert matched_pairs(lab, 3, np.zeros(6, dtype=bool)) == []
    lab.runs["l0"][3] = 2.0  # a quarter away from the nearest standard run
    assert [(pair.standard, pair.ne) for pair in matched_pairs(lab, 3)] == [(1, 4), (2, 5)]
    lab.runs["l0"][[3, 4, 5]] = 9
    assert matched_pairs(lab, 3) == []
