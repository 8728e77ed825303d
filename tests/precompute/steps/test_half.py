"""Numbers beyond half precision: stored at its end, counted by file, and shown as no exact number."""

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
from precompute.steps.contributions import ContributionsJob, LayerKeys, Tables, kept
from precompute.steps.importance.job import LayerAsked
from precompute.steps.importance.unit import lost
from precompute.steps.sample import layer_statistics
from tests.precompute.steps.test_collect import WINDOW, corpus, job_of, source_of

BEYOND = [1e5, -1e5, np.inf, -np.inf, 65504, 65519, np.nan, 1.5]


def test_half_precision_ends_at_its_ends():
    found = clipped(np.array(BEYOND, dtype=np.float32))
    assert found.dtype == np.float16
    ends = [LARGEST, -LARGEST, LARGEST, -LARGEST, LARGEST, LARGEST]
    np.testing.assert_array_equal(found, np.float16([*ends, np.nan, 1.5]))
    assert n_clipped(found) == 6


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.234, "1.23"), (-2, "−2.00"), (65504, "≥ 65,504"), (-65504, "≤ −65,504"), (65503, "65503.00"), (np.nan, "–")],
)
def test_at_an_end_a_number_says_that_there_may_be_more(value, text):
    assert number(np.float32(value)) == text


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_activations_beyond_it_are_collected_and_ranked_as_they_are(dtype):
    """At a key token, beside one, and at position 0; bfloat16 has no 65,504 of its own."""
    activations = corpus("random").astype(np.float32)
    largest = 3e5 if dtype != torch.float16 else 65504
    activations[70, 2, 2], activations[70, 0, 2], activations[70, 3, 2] = largest, np.inf, -largest
    source, tokens = source_of(activations)
    source.activations = {5: as_dtype(source.activations[5], dtype)}
    source.read = reads(source)
    (rows,) = collect_tokens(source, tokens, window=WINDOW)
    (row,) = range(rows.offsets[2], rows.offsets[3])
    assert rows.example[row] == 70
    assert rows.activation[row] == rows.maxima[2] == float(torch.tensor(largest).to(dtype))
    before, _, key, after, _ = rows.window_activations[row]
    assert (before, key, after) == (LARGEST, LARGEST, -LARGEST)


def as_dtype(values: np.ndarray, dtype: torch.dtype) -> torch.Tensor:
    return torch.from_numpy(values).to(dtype)


def reads(source):
    """`TableSource.read`, for a table of activations that is a tensor of its own dtype."""

    def read(tokens, lengths, visit, layers=None) -> None:
        visit(LayerPass(5, torch.from_numpy(source.x[5])[tokens], source.activations[5][tokens]))

    return read


def test_inputs_beyond_it_are_collected_at_its_end():
    source, tokens = source_of(corpus("random"))
    source.x[5][:, 1] = 40_000  # which `inputs` doubles
    (rows,) = collect_tokens(source, tokens, window=WINDOW)
    assert (rows.x[:, 1] == LARGEST).all()
    assert np.isfinite(rows.x).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_input_that_is_not_finite_is_refused_with_a_way_out(bad):
    source, tokens = source_of(corpus("random"))
    source.x[5][tokens[:, 4]] = bad
    with pytest.raises(CollectError, match=r"layer 5 has an input x that is not finite: .*--dtype float32") as raised:
        collect_tokens(source, tokens, window=WINDOW)
    assert "\n" not in str(raised.value)


def test_the_sample_ends_there_too():
    activations = corpus("random")
    activations[:, 3, 2] = 1e5
    source, tokens = source_of(activations)
    job = job_of(tokens)
    job.sampled[:, 1:] = True
    units = [unit_candidates(source, job, (unit, Hints())) for unit in range(job.n_units)]
    found = layer_statistics(5, range(job.n_units), units.__getitem__)
    assert found.histogram_range[2, 1] == LARGEST
    assert found.histogram[2].sum() == job.sampled.sum()


def test_weights_beyond_it_are_refused_before_anything_is_read():
    source, _ = source_of(corpus("random"))
    check_weights(source)
    layer = source.layer(5)
    layer.W_in[1, 2] = -1e5
    source.layer = lambda number: layer
    with pytest.raises(CollectError, match=r"layer 5 has input weights beyond float16 \(65,504\)"):
        check_weights(source)


def test_an_importance_is_finite_however_little_a_row_fires():
    row = np.zeros(1, dtype=np.int32)
    asked = LayerAsked(3, 1, row, row, row, row, np.float32([1e-40]))
    (found,) = lost(asked, slice(0, 1), np.array([[True, False]]), np.float32([1e4]))
    assert found[0] == -LARGEST
    assert np.isnan(found[1])


def test_parts_beyond_it_are_not_stored_and_the_atlas_says_why():
    split = Split(np.array([[1e6, -1e6]]), np.zeros((1, 0), int), np.zeros((1, 0), int))
    units = {0: {f"3.{name}": values for name, values in kept(split).items()}}
    one = np.zeros(1, dtype=np.int32)
    job = ContributionsJob(None, Parts(True, 4, True), one[None], one + 1, 8, (LayerKeys(3, one, one, one, one),))
    assert not Tables(job, units.__getitem__).finite
    units = {0: {"3.contributions": np.float16([[1, 2]])}}
    assert Tables(job, units.__getitem__).finite


def test_a_dictionary_that_grew_beyond_it_is_one_line():
    weights = np.ones((2, 2), np.float32)
    with pytest.raises(LabError, match="W_dec"):
        rounded(SAE(weights, np.zeros(2, np.float32), weights * 1e6, np.zeros(2, np.float32)))
