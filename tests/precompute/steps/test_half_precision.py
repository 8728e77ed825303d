"""Numbers beyond half precision: clipped when stored, counted by file, and shown as limits."""

import numpy as np
import pytest
import torch

from ne_core.half import LARGEST, clipped, n_clipped, number
from ne_core.method.contributions import Parts
from ne_core.method.sae import SAE
from precompute.autoencoders.lab.runs import rounded
from precompute.autoencoders.lab.settings import LabError
from precompute.models.source import LayerPass, Split
from precompute.steps.collect import CollectError, Hints, check_weights, collect_tokens, unit_candidates
from precompute.steps.contributions import ContributionsJob, LayerKeys, Tables, to_columns
from precompute.steps.importance.job import RequestedRows
from precompute.steps.importance.unit import lost_share
from precompute.steps.sample import layer_statistics
from tests.precompute.steps.test_collect import WINDOW, corpus, job_of, source_of

BEYOND = [1e5, -1e5, np.inf, -np.inf, 65504, 65519, np.nan, 1.5]


def test_values_are_clipped_to_the_range_of_float16():
    values = clipped(np.array(BEYOND, dtype=np.float32))
    assert values.dtype == np.float16
    ends = [LARGEST, -LARGEST, LARGEST, -LARGEST, LARGEST, LARGEST]
    np.testing.assert_array_equal(values, np.float16([*ends, np.nan, 1.5]))
    assert n_clipped(values) == 6


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.234, "1.23"), (-2, "−2.00"), (65504, "≥ 65,504"), (-65504, "≤ −65,504"), (65503, "65503.00"), (np.nan, "–")],
)
def test_clipped_numbers_are_shown_as_limits(value, text):
    assert number(np.float32(value)) == text


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_activations_beyond_float16_are_ranked_unclipped(dtype):
    """Set large values at a key token, beside one, and at position 0; bfloat16 cannot represent 65,504."""
    activations = corpus("random").astype(np.float32)
    largest = 3e5 if dtype != torch.float16 else 65504
    activations[70, 2, 2], activations[70, 0, 2], activations[70, 3, 2] = largest, np.inf, -largest
    source, tokens = source_of(activations)
    source.activations = {5: as_dtype(source.activations[5], dtype)}
    source.read = read_function(source)
    (rows,) = collect_tokens(source, tokens, window=WINDOW)
    (row,) = range(rows.offsets[2], rows.offsets[3])
    assert rows.example[row] == 70
    assert rows.activation[row] == rows.maxima[2] == float(torch.tensor(largest).to(dtype))
    before, _, key, after, _ = rows.window_activations[row]
    assert (before, key, after) == (LARGEST, LARGEST, -LARGEST)


def as_dtype(values: np.ndarray, dtype: torch.dtype) -> torch.Tensor:
    return torch.from_numpy(values).to(dtype)


def read_function(source):
    """Return a `TableSource.read` for a table of activations that is a tensor with its own dtype."""

    def read(tokens, lengths, visit, layers=None) -> None:
        visit(LayerPass(5, torch.from_numpy(source.x[5])[tokens], source.activations[5][tokens]))

    return read


def test_inputs_beyond_float16_are_clipped():
    source, tokens = source_of(corpus("random"))
    source.x[5][:, 1] = 40_000  # which `inputs` doubles
    (rows,) = collect_tokens(source, tokens, window=WINDOW)
    assert (rows.x[:, 1] == LARGEST).all()
    assert np.isfinite(rows.x).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_input_that_is_not_finite_is_refused(bad):
    source, tokens = source_of(corpus("random"))
    source.x[5][tokens[:, 4]] = bad
    with pytest.raises(CollectError, match=r"layer 5 has an input x that is not finite: .*--dtype float32") as raised:
        collect_tokens(source, tokens, window=WINDOW)
    assert "\n" not in str(raised.value)


def test_sample_is_clipped():
    activations = corpus("random")
    activations[:, 3, 2] = 1e5
    source, tokens = source_of(activations)
    job = job_of(tokens)
    job.sampled[:, 1:] = True
    units = [unit_candidates(source, job, (unit, Hints())) for unit in range(job.n_units)]
    statistics = layer_statistics(5, range(job.n_units), units.__getitem__)
    assert statistics.histogram_range[2, 1] == LARGEST
    assert statistics.histogram[2].sum() == job.sampled.sum()


def test_weights_beyond_float16_are_refused():
    source, _ = source_of(corpus("random"))
    check_weights(source)
    layer = source.layer(5)
    layer.W_in[1, 2] = -1e5
    source.layer = lambda number: layer
    with pytest.raises(CollectError, match=r"layer 5 has input weights beyond float16 \(65,504\)"):
        check_weights(source)


def test_importance_of_a_small_activation_is_finite():
    row = np.zeros(1, dtype=np.int32)
    requested = RequestedRows(3, 1, row, row, row, row, np.float32([1e-40]))
    (share,) = lost_share(requested, slice(0, 1), np.array([[True, False]]), np.float32([1e4]))
    assert share[0] == -LARGEST
    assert np.isnan(share[1])


def test_contributions_beyond_float16_are_not_finite():
    split = Split(np.array([[1e6, -1e6]]), np.zeros((1, 0), int), np.zeros((1, 0), int))
    units = {0: {f"3.{name}": values for name, values in to_columns(split).items()}}
    one = np.zeros(1, dtype=np.int32)
    job = ContributionsJob(None, Parts(True, 4, True), one[None], one + 1, 8, (LayerKeys(3, one, one, one, one),))
    assert not Tables(job, units.__getitem__).finite
    units = {0: {"3.contributions": np.float16([[1, 2]])}}
    assert Tables(job, units.__getitem__).finite


def test_autoencoder_weights_beyond_float16_are_one_line():
    weights = np.ones((2, 2), np.float32)
    with pytest.raises(LabError, match="W_dec"):
        rounded(SAE(weights, np.zeros(2, np.float32), weights * 1e6, np.zeros(2, np.float32)))
