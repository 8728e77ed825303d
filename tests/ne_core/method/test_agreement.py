"""Agreement of baselines: by hand, and against a count token by token and scipy's correlation."""

import numpy as np
import pytest
from scipy.stats import pearsonr

from ne_core.method.agreement import DRAWN, agreement, baseline_importances, contradictions

NAN = np.nan


def random_importances(n: int, baselines: int, back: int, seed: int) -> np.ndarray:
    """Return importances as an atlas has them, in float16: NaN for some rows, and for tokens outside the example."""
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 0.2, size=(n, baselines, back)).astype(np.float16)
    values[rng.random(n) < 0.3] = NAN
    for row, outside in enumerate(rng.integers(0, back - 1, size=n)):
        values[row, :, :outside] = NAN
    return values


def test_agreement_by_hand():
    """Compare two baselines on two examples of three tokens and the key token."""
    values = np.array(
        [[[NAN, 0.5, 0.2, 1], [NAN, 0.4, -0.1, 1]], [[0.01, -0.3, 0.2, 1], [-0.01, -0.1, 0.4, 1]]], dtype=np.float32
    )
    result = agreement(values)
    assert (result.n_examples, result.n_tokens) == (2, 5)
    assert result.sign == pytest.approx(3 / 4)  # 0.2 and −0.1 contradict; 0.01 and −0.01 are too small to count
    assert result.top == 0.5
    assert contradictions(values).tolist() == [[False, False, True, False], [False] * 4]


@pytest.mark.parametrize("baselines", [2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_agreement_matches_count_by_token(baselines, seed):
    values = random_importances(20, baselines, 6, seed)
    signs, tops, tokens = [], [], []
    for row in values.astype(np.float64):
        positions = [i for i in range(5) if np.isfinite(row[:, i]).all()]
        if not positions:
            continue
        tops.append(len({max(positions, key=lambda i: abs(each[i])) for each in row}) == 1)
        for i in positions:
            tokens.append(row[:, i])
            if max(abs(row[:, i])) >= DRAWN:
                signs.append(not (max(row[:, i]) >= DRAWN and min(row[:, i]) <= -DRAWN))
    result, columns = agreement(values), np.array(tokens).T
    assert (result.n_examples, result.n_tokens) == (len(tops), len(tokens))
    assert result.sign == pytest.approx(np.mean(signs))
    assert result.top == pytest.approx(np.mean(tops))
    pairs = [pearsonr(columns[i], columns[j]).statistic for i in range(baselines) for j in range(i)]
    assert result.correlation == pytest.approx(min(pairs))


def test_baseline_agrees_with_itself():
    values = random_importances(20, 1, 6, 0)
    result = agreement(np.repeat(values, 2, axis=1))
    assert (result.sign, result.top) == (1, 1)
    assert result.correlation == pytest.approx(1)
    assert not contradictions(np.repeat(values, 2, axis=1)).any()


@pytest.mark.parametrize("shape", [(0, 2, 4), (3, 2, 1)])
def test_empty_importances(shape):
    result = agreement(np.ones(shape, dtype=np.float16))
    assert (result.n_examples, result.n_tokens) == (0, 0)
    assert np.isnan([result.sign, result.top, result.correlation]).all()


def test_baseline_importances_of_one_baseline_and_of_the_mean():
    values = random_importances(6, 3, 4, 1)
    np.testing.assert_array_equal(baseline_importances(values, 2), values[:, 2])
    np.testing.assert_allclose(baseline_importances(values, None), values.astype(np.float64).mean(axis=1), atol=1e-6)
