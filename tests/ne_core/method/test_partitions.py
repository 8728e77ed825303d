"""Agreement of two partitions: by hand, against scikit-learn, and at its ends."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from ne_core.method.partitions import adjusted_rand, in_common


def test_shared_examples_by_hand():
    a, b = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 2])
    assert in_common(a, b).tolist() == [[2, 1, 0], [0, 1, 1]]


@pytest.mark.parametrize("seed", range(5))
def test_index_agrees_with_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.integers(4, size=30), rng.integers(3, size=30)
    assert adjusted_rand(a, b) == pytest.approx(adjusted_rand_score(a, b))
    assert adjusted_rand(a, b) == pytest.approx(adjusted_rand(b, a))


def test_same_partition_is_one_under_any_numbers():
    a = np.array([0, 0, 1, 1, 2])
    assert adjusted_rand(a, np.array([2, 2, 0, 0, 1])) == 1
    assert adjusted_rand(np.zeros(1, dtype=int), np.zeros(1, dtype=int)) == 1
    assert adjusted_rand(np.zeros(4, dtype=int), np.arange(4)) == pytest.approx(0)
