"""Baselines against each other: by hand, and against a count token by token and scipy's correlation."""

import numpy as np
import pytest
from scipy.stats import pearsonr

from ne_core.method.agreement import DRAWN, agreement, contradictions, of_baseline

NAN = np.nan


def random_importances(n: int, baselines: int, back: int, seed: int) -> np.ndarray:
    """Float16, as an atlas has them: some rows without any, some tokens outside the example."""
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 0.2, size=(n, baselines, back)).astype(np.float16)
    values[rng.random(n) < 0.3] = NAN
    for row, outside in enumerate(rng.integers(0, back - 1, size=n)):
        values[row, :, :outside] = NAN
    return values


def test_by_hand():
    """Two examples of three tokens and the key token, two baselines."""
    values = np.array(
        [[[NAN, 0.5, 0.2, 1], [NAN, 0.4, -0.1, 1]], [[0.01, -0.3, 0.2, 1], [-0.01, -0.1, 0.4, 1]]], dtype=np.float32
    )
    found = agreement(values)
    assert (found.n_examples, found.n_tokens) == (2, 5)
    assert found.sign == pytest.approx(3 / 4)  # 0.2 against −0.1 disagrees; 0.01 against −0.01 says nothing
    assert found.top == 0.5
    assert contradictions(values).tolist() == [[False, False, True, False], [False] * 4]


@pytest.mark.parametrize("baselines", [2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_against_a_count_token_by_token(baselines, seed):
    values = random_importances(20, baselines, 6, seed)
    signs, tops, tokens = [], [], []
    for row in values.astype(np.float64):
        places = [i for i in range(5) if np.isfinite(row[:, i]).all()]
        if not places:
            continue
        tops.append(len({max(places, key=lambda i: abs(each[i])) for each in row}) == 1)
        for i in places:
            tokens.append(row[:, i])
            if max(abs(row[:, i])) >= DRAWN:
                signs.append(not (max(row[:, i]) >= DRAWN and min(row[:, i]) <= -DRAWN))
    found, columns = agreement(values), np.array(tokens).T
    assert (found.n_examples, found.n_tokens) == (len(tops), len(tokens))
    assert found.sign == pytest.approx(np.mean(signs))
    assert found.top == pytest.approx(np.mean(tops))
    pairs = [pearsonr(columns[i], columns[j]).statistic for i in range(baselines) for j in range(i)]
    assert found.correlation == pytest.approx(min(pairs))


def test_a_baseline_agrees_with_itself():
    values = random_importances(20, 1, 6, 0)
    found = agreement(np.repeat(values, 2, axis=1))
    assert (found.sign, found.top) == (1, 1)
    assert found.correlation == pytest.approx(1)
    assert not contradictions(np.repeat(values, 2, axis=1)).any()


@pytest.mark.parametrize("shape", [(0, 2, 4), (3, 2, 1)])
def test_nothing_to_compare(shape):
    found = agreement(np.ones(shape, dtype=np.float16))
    assert (found.n_examples, found.n_tokens) == (0, 0)
    assert np.isnan([found.sign, found.top, found.correlation]).all()


def test_one_baseline_or_their_mean():
    values = random_importances(6, 3, 4, 1)
    np.testing.assert_array_equal(of_baseline(values, 2), values[:, 2])
    np.testing.assert_allclose(of_baseline(values, None), values.astype(np.float64).mean(axis=1), atol=1e-6)
