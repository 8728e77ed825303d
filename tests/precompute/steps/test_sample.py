"""Statistics of the sample match numpy's over the sampled positions."""

import numpy as np
import pytest
import torch

from ne_core.atlas.schema import HISTOGRAM_BINS
from ne_core.text.windows import Window
from precompute.steps.candidates import Rule
from precompute.steps.collect import CollectJob, Hints, real_positions, unit_candidates
from precompute.steps.sample import LayerStatistics, histograms, layer_statistics, sample_positions
from tests.support.fake_source import DriftingSource, LowMemorySource

N_EXAMPLES, N_CTX = 60, 16


@pytest.fixture(scope="module")
def source() -> DriftingSource:
    return DriftingSource()


def job_of(n: int, work_unit: int = 8) -> CollectJob:
    rng = np.random.default_rng(5)
    tokens = rng.integers(0, 30, size=(N_EXAMPLES, N_CTX), dtype=np.int32)
    lengths = rng.integers(3, N_CTX + 1, size=N_EXAMPLES).astype(np.int32)
    allowed = real_positions(lengths, N_CTX)
    rules = {0: Rule(0.7, 5), 3: Rule(0.7, 5)}
    return CollectJob(tokens, lengths, allowed, sample_positions(allowed, n, seed=1), rules, Window(4, 2), work_unit)


def units_of(source, job: CollectJob, order=None) -> dict[int, dict]:
    return {unit: unit_candidates(source, job, (unit, Hints())) for unit in order or range(job.n_units)}


def statistics(source, job: CollectJob, layer: int, order=None) -> LayerStatistics:
    return layer_statistics(layer, range(job.n_units), units_of(source, job, order).__getitem__)


@pytest.mark.parametrize("n", [2, 200, 10_000])
@pytest.mark.parametrize("layer", [0, 3])
def test_statistics_match_numpy(source, n: int, layer: int):
    job = job_of(n)
    result = statistics(source, job, layer)
    passes = []
    source.read(torch.from_numpy(job.tokens.astype(np.int64)), None, passes.append, [layer])
    x = passes[0].x.numpy()[job.sampled].astype(np.float16).astype(np.float64)
    activations = passes[0].activations.numpy()[job.sampled].astype(np.float16).astype(np.float32)
    np.testing.assert_allclose(result.input_mean, x.mean(axis=0), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(result.input_covariance, np.cov(x.T), rtol=1e-5, atol=1e-4)
    np.testing.assert_array_equal(result.histogram_range, np.stack([activations.min(0), activations.max(0)], axis=1))
    for neuron, counts in enumerate(result.histogram):
        np.testing.assert_array_equal(counts, histogram(activations[:, neuron]))


def histogram(values: np.ndarray) -> np.ndarray:
    """Return numpy's histogram; values that are all equal are in the first bin."""
    if (values == values[0]).all():
        return np.eye(HISTOGRAM_BINS, dtype=int)[0] * len(values)
    return np.histogram(values.astype(np.float64), HISTOGRAM_BINS)[0]


def test_values_on_bin_edges_match_numpy():
    whole = np.random.default_rng(0).integers(0, 41, size=(500, 150))
    values = (whole * np.linspace(0.01, 3, 150)).astype(np.float16)
    counts = histograms(values)[1]
    for neuron, column in enumerate(values.T):
        np.testing.assert_array_equal(counts[neuron], histogram(column))


def test_histograms_count_every_sampled_position(source):
    job = job_of(100)
    result = statistics(source, job, 3)
    assert result.histogram.dtype == np.int16
    assert (result.histogram.sum(axis=1) == job.sampled.sum()).all()
    assert job.sampled.sum() == 100


def test_statistics_do_not_depend_on_order_and_batches(source):
    """Compute units in another order, and in batches of one."""
    job = job_of(100)
    whole = statistics(source, job, 0).to_arrays()
    for other in (
        statistics(source, job, 0, order=[7, 2, 0, 1, 6, 5, 4, 3]),
        statistics(LowMemorySource(source, 1), job, 0),
        LayerStatistics.from_arrays(whole),
    ):
        for name, values in other.to_arrays().items():
            assert values.tobytes() == whole[name].tobytes()
            assert values.dtype == whole[name].dtype


def test_work_units_change_only_the_rounding(source):
    few, many = (statistics(source, job_of(100, work_unit), 0) for work_unit in (60, 1))
    np.testing.assert_array_equal(few.histogram, many.histogram)
    np.testing.assert_allclose(few.input_covariance, many.input_covariance, rtol=1e-6, atol=1e-6)


def test_empty_sample(source):
    job = job_of(0)
    result = statistics(source, job, 0)
    assert not result.histogram.any()
    assert not result.input_covariance.any()
    assert result.histogram.shape == (12, HISTOGRAM_BINS)


def test_constant_neuron_has_one_bin():
    """Use a dead neuron, which is zero everywhere."""
    source = DriftingSource(layers=(0,))
    source.W_in[0][:, 2] = 0
    job = job_of(100)
    only = CollectJob(job.tokens, job.lengths, job.allowed, job.sampled, {0: Rule(0.7, 5)}, job.window, job.work_unit)
    result = statistics(source, only, 0)
    assert result.histogram_range[2].tolist() == [0, 0]
    assert result.histogram[2, 0] == 100


@pytest.mark.parametrize("seed", [0, 1])
def test_sample_has_allowed_positions_and_depends_on_the_seed(seed: int):
    allowed = np.random.default_rng(2).random((50, 20)) < 0.3
    allowed[7] = False
    mask = sample_positions(allowed, 40, seed)
    assert mask.sum() == 40
    assert not (mask & ~allowed).any()
    np.testing.assert_array_equal(mask, sample_positions(allowed, 40, seed))
    assert (mask != sample_positions(allowed, 40, seed + 1)).any()
    np.testing.assert_array_equal(sample_positions(allowed, 10_000, seed), allowed)
    assert not sample_positions(np.zeros_like(allowed), 40, seed).any()


def test_allowed_positions_are_equally_likely():
    allowed = np.array([[False, True, True], [False, True, False]])
    counts = sum(sample_positions(allowed, 1, seed).astype(int) for seed in range(3000))
    np.testing.assert_allclose(counts[allowed], 1000, atol=120)
