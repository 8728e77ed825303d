"""Collection in one pass matches a brute-force pass in memory, for any order of corpus and units."""

import numpy as np
import pytest
import torch

from ne_core.text.windows import Window
from precompute.steps.activating_examples import COLUMNS, ActivatingExamples
from precompute.steps.candidates import Rule, merge
from precompute.steps.collect import (
    CollectError,
    CollectJob,
    Gathering,
    Hints,
    collect_tokens,
    layer_rows,
    real_positions,
    unit_candidates,
)
from tests.support.fake_source import LowMemorySource, TableSource

N_CTX, N_NEURONS, D_IN = 7, 6, 3
WINDOW = Window(back=3, forward=2)


def source_of(activations: np.ndarray) -> tuple[TableSource, np.ndarray]:
    """Return a source with the given activations [example pos neuron], and the tokens that select them."""
    n_examples, n_ctx, n_neurons = activations.shape
    table = activations.reshape(-1, n_neurons).astype(np.float32)
    x = np.random.default_rng(9).normal(size=(len(table), D_IN)).astype(np.float32)
    return TableSource({5: x}, {5: table}), np.arange(n_examples * n_ctx, dtype=np.int32).reshape(n_examples, n_ctx)


TEN = Rule(0.75, 10)


def job_of(tokens: np.ndarray, rule: Rule = TEN, work_unit: int = 7) -> CollectJob:
    lengths = np.full(len(tokens), tokens.shape[1], dtype=np.int32)
    real = real_positions(lengths, tokens.shape[1])
    return CollectJob(tokens, lengths, real, np.zeros_like(real), {5: rule}, WINDOW, work_unit)


def rows_of(source, job: CollectJob, units: dict, gathering: Gathering) -> ActivatingExamples:
    return layer_rows(job, 5, gathering.candidates(5), source.layer(5), units.__getitem__)


def assert_same(rows: ActivatingExamples, others: ActivatingExamples) -> None:
    for name in (*COLUMNS, "x"):
        np.testing.assert_array_equal(getattr(rows, name), getattr(others, name), err_msg=name)


def brute_force(activations, allowed, neuron: int, keep: float, max_examples: int, maximum=None) -> list[tuple]:
    """Return (example, pos, activation) of one neuron's activating examples, with all activations in memory."""
    values = np.where(allowed, activations[:, :, neuron].astype(np.float32), -np.inf)
    maximum = values.max() if maximum is None else maximum
    if maximum <= 0:
        return []
    highest = values.max(axis=1)
    first = np.flatnonzero((highest >= np.float32(keep) * maximum) & (highest > 0))[:max_examples]
    return [(int(e), int(values[e].argmax()), float(values[e].max())) for e in first]


def examples_of(rows, neuron: int) -> list[tuple]:
    mine = slice(*rows.offsets[neuron : neuron + 2])
    return list(zip(rows.example[mine].tolist(), rows.pos[mine].tolist(), rows.activation[mine].tolist(), strict=True))


def corpus(order: str, n_examples: int = 300) -> np.ndarray:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(n_examples, N_CTX, N_NEURONS))
    rising = np.linspace(1, 2, n_examples)[:, None, None]
    return {
        "random": values,
        "mostly dead": np.where(np.arange(N_NEURONS) < 3, -np.abs(values), values),
        "slowly rising": rising + 1e-3 * values,
        "barely rising": 1 + rising / 10 + 0 * values,
        "slowly falling": rising[::-1] + 1e-3 * values,
        "ties": np.round(values) * 1.0,
        "constant": np.ones_like(values),
        "steps": np.floor(rising * 20) / 20 + 0 * values,
        "spike at the end": np.where(np.arange(n_examples)[:, None, None] == n_examples - 1, 9.0, values),
    }[order]


ORDERS = (
    "random", "mostly dead", "slowly rising", "barely rising", "slowly falling", "ties", "constant", "steps",
    "spike at the end",
)  # fmt: skip


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("keep", "max_examples"), [(0.75, 10), (0.2, 3), (1.0, 5), (0.98, 10), (0.0, 10)])
def test_one_pass_matches_brute_force(order: str, keep: float, max_examples: int):
    activations = corpus(order)
    source, tokens = source_of(activations)
    (rows,) = collect_tokens(source, tokens, rules={5: Rule(keep, max_examples)}, window=WINDOW, work_unit=4)
    allowed = real_positions(np.full(len(tokens), N_CTX), N_CTX)
    for neuron in range(N_NEURONS):
        assert examples_of(rows, neuron) == brute_force(activations, allowed, neuron, keep, max_examples)


@pytest.mark.parametrize("order", ORDERS)
def test_fixed_maxima_set_the_threshold(order: str):
    activations = corpus(order)
    maxima = np.array([0.5, 1.0, 1.5, 2.5, 0.0, -1.0], dtype=np.float32)
    source, tokens = source_of(activations)
    (rows,) = collect_tokens(source, tokens, rules={5: Rule(0.75, 10, maxima)}, window=WINDOW, work_unit=16)
    allowed = real_positions(np.full(len(tokens), N_CTX), N_CTX)
    for neuron, maximum in enumerate(maxima):
        assert examples_of(rows, neuron) == brute_force(activations, allowed, neuron, 0.75, 10, maximum)
    assert np.array_equal(rows.maxima, maxima)


def test_long_contexts_match_brute_force():
    """Use contexts longer than two blocks, partly disallowed, with ties within and across blocks."""
    rng = np.random.default_rng(8)
    activations = rng.integers(0, 6, size=(50, 41, 9)).astype(float)
    lengths = rng.integers(2, 42, size=50).astype(np.int32)
    may_be_key = rng.random((50, 41)) < 0.8
    source, tokens = source_of(activations)
    (rows,) = collect_tokens(source, tokens, lengths, may_be_key, {5: Rule(0.5, 30)}, WINDOW, work_unit=6)
    allowed = may_be_key & real_positions(lengths, 41)
    for neuron in range(9):
        assert examples_of(rows, neuron) == brute_force(activations, allowed, neuron, 0.5, 30)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("hinted", ["never", "stale", "late maxima"])
def test_units_in_any_order_with_any_hints_give_the_same_rows(order: str, hinted: str):
    """Compute units as workers do: in any order, with the hints at the time when each unit was started."""
    source, tokens = source_of(corpus(order))
    job = job_of(tokens)
    gathering, units, hints = Gathering(job), {}, Hints()
    for number, unit in enumerate(np.random.default_rng(4).permutation(job.n_units).tolist()):
        units[unit] = unit_candidates(source, job, (unit, hints))
        gathering.add(unit, units[unit])
        if hinted == "stale" and number % 9 == 8:
            hints = gathering.hints()
        if hinted == "late maxima":
            hints = Hints(highest=gathering.hints().highest)
    (whole,) = collect_tokens(source, tokens, rules=job.rules, window=WINDOW, work_unit=3)
    assert_same(rows_of(source, job, units, gathering), whole)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("every", [1, 5, 43])
def test_thinning_does_not_change_rows(order: str, every: int):
    source, tokens = source_of(corpus(order))
    job = job_of(tokens)
    gathering, units = Gathering(job), {}
    for unit in range(job.n_units):
        units[unit] = unit_candidates(source, job, (unit, gathering.hints()))
        gathering.add(unit, units[unit])
        if unit % every == every - 1:
            units.update({thin: gathering.thinned(thin, units[thin]) for thin in gathering.wasteful()})
    (whole,) = collect_tokens(source, tokens, rules=job.rules, window=WINDOW)
    assert_same(rows_of(source, job, units, gathering), whole)
    again = Gathering(job)  # as after a kill: from the files alone, thinned or not
    for unit in reversed(range(job.n_units)):
        again.add(unit, units[unit])
    assert_same(rows_of(source, job, units, again), whole)


def test_spike_at_the_end_empties_earlier_files():
    source, tokens = source_of(corpus("spike at the end"))
    job = job_of(tokens)
    gathering, units = Gathering(job), {}
    for unit in range(job.n_units):
        units[unit] = unit_candidates(source, job, (unit, gathering.hints()))
        gathering.add(unit, units[unit])
    thinned = {unit: gathering.thinned(unit, units[unit]) for unit in gathering.wasteful()}
    assert len(thinned) > 10
    assert all(len(arrays["5/x"]) == len(arrays["5/neuron"]) == 0 for arrays in thinned.values())
    assert gathering.wasteful() == []


def test_fixed_maxima_keep_max_examples_candidates():
    """Drop later candidates once ten are above a fixed threshold: memory does not grow with the corpus."""
    source, tokens = source_of(corpus("slowly rising"))
    job = job_of(tokens, Rule(0.75, 10, np.ones(N_NEURONS, dtype=np.float32)), work_unit=4)
    gathering = Gathering(job)
    for unit in range(job.n_units):
        result = unit_candidates(source, job, (unit, gathering.hints()))
        assert unit < 3 or len(result["5/neuron"]) == 0
        gathering.add(unit, result)
    assert len(gathering.candidates(5)) == 10 * N_NEURONS


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("split", [1, 14, 42])
def test_merge_of_two_parts_is_the_whole(order: str, split: int):
    """Merge two halves that were gathered independently."""
    source, tokens = source_of(corpus(order))
    job = job_of(tokens)
    units = {unit: unit_candidates(source, job, (unit, Hints())) for unit in range(job.n_units)}
    halves = [half_of(job, units, range(split)), half_of(job, units, range(split, job.n_units))]
    rows = layer_rows(job, 5, merge(halves, job.rules[5]), source.layer(5), units.__getitem__)
    (whole,) = collect_tokens(source, tokens, rules=job.rules, window=WINDOW)
    assert_same(rows, whole)


def half_of(job: CollectJob, units: dict, numbers: range):
    gathering = Gathering(job)
    gathering.next = numbers.start
    for unit in numbers:
        gathering.add(unit, units[unit])
    return gathering.candidates(5)


def test_rows_do_not_depend_on_work_units():
    source, tokens = source_of(corpus("random"))
    one, many = (collect_tokens(source, tokens, window=WINDOW, work_unit=n)[0] for n in (1, 300))
    assert_same(one, many)


def test_inputs_and_windows_of_rows():
    activations = corpus("random")
    source, tokens = source_of(activations)
    (rows,) = collect_tokens(source, tokens, window=WINDOW, work_unit=32)
    ids = tokens[rows.example, rows.pos]
    assert rows.x.dtype == rows.window_activations.dtype == np.float16
    np.testing.assert_array_equal(rows.x[rows.x_row], (2 * source.x[5][ids]).astype(np.float16))
    assert len(rows.x) == len(np.unique(ids))  # each once
    id_of_x = np.full(len(rows.x), -1)
    id_of_x[rows.x_row] = ids  # which rise by example and then position
    assert (np.diff(id_of_x) > 0).all()
    for row, (example, pos, neuron) in enumerate(zip(rows.example, rows.pos, rows.neuron, strict=True)):
        for column, p in enumerate(range(pos - 2, pos + 3)):
            value = rows.window_activations[row, column]
            assert np.isnan(value) if not 0 <= p < N_CTX else value == np.float16(activations[example, p, neuron])


def test_window_wider_than_the_context():
    activations = corpus("random", 20)
    source, tokens = source_of(activations)
    (wide,) = collect_tokens(source, tokens, window=Window(9, 8))
    (narrow,) = collect_tokens(source, tokens, window=WINDOW)
    np.testing.assert_array_equal(wide.window_activations[:, 6:11], narrow.window_activations)
    assert np.isfinite(wide.window_activations).sum() == N_CTX * wide.n_rows


def test_x_is_written_to_the_given_array(tmp_path):
    source, tokens = source_of(corpus("random"))
    job = job_of(tokens)
    gathering, units = Gathering(job), {}
    for unit in range(job.n_units):
        units[unit] = unit_candidates(source, job, (unit, gathering.hints()))
        gathering.add(unit, units[unit])

    def on_disk(shape):
        return np.lib.format.open_memmap(tmp_path / "x.npy", mode="w+", dtype=np.float16, shape=shape)

    rows = layer_rows(job, 5, gathering.candidates(5), source.layer(5), units.__getitem__, on_disk)
    whole = rows_of(source, job, units, gathering)
    again = ActivatingExamples.from_arrays(
        5, rows.weights, rows.to_arrays(), np.load(tmp_path / "x.npy", mmap_mode="r")
    )
    assert_same(again, whole)
    assert again.neuron_x(0).dtype == np.float32


def test_key_token_is_never_padding_special_or_first():
    activations = np.zeros((3, N_CTX, 1))
    activations[:, :, 0] = [9, 1, 8, 2, 3, 7, 7]
    lengths = np.array([5, 7, 2], dtype=np.int32)
    may_be_key = np.ones((3, N_CTX), dtype=bool)
    may_be_key[:, 2] = False  # a special token
    source, tokens = source_of(activations)
    (rows,) = collect_tokens(source, tokens, lengths, may_be_key, {5: Rule(0.1, 100)}, WINDOW)
    # the third has only position 1; of equals, the first
    assert examples_of(rows, 0) == [(0, 4, 3.0), (1, 5, 7.0), (2, 1, 1.0)]
    assert rows.maxima.tolist() == [7.0]
    np.testing.assert_array_equal(np.isnan(rows.window_activations[0]), [False, False, False, True, True])


def test_examples_without_allowed_positions():
    source, tokens = source_of(np.ones((4, N_CTX, 2)))
    (rows,) = collect_tokens(source, tokens, may_be_key=np.zeros((4, N_CTX), dtype=bool), window=WINDOW)
    assert rows.n_rows == 0
    assert rows.offsets.tolist() == [0, 0, 0]
    assert rows.x.shape == (0, D_IN)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_activations_that_are_not_finite_are_refused(bad: float):
    activations = corpus("random")
    activations[70, 3, 2] = bad
    source, tokens = source_of(activations)
    with pytest.raises(CollectError, match="layer 5 has activations that are not finite") as raised:
        collect_tokens(source, tokens, window=WINDOW)
    assert "\n" not in str(raised.value)


def test_number_of_candidates_is_bounded():
    """Check about max_examples · (1 + ln(n / max_examples)) candidates per neuron (METHOD, section 2), not n."""
    source, tokens = source_of(np.random.default_rng(1).uniform(0.8, 1, size=(4000, 2, 4)))
    job = job_of(tokens, work_unit=50)
    gathering, most = Gathering(job), 0
    for unit in range(job.n_units):
        result = unit_candidates(source, job, (unit, gathering.hints()))
        gathering.add(unit, result)
        most += len(result["5/neuron"])
    assert len(gathering.candidates(5)) <= most < 4 * 10 * (1 + np.log(400)) * 1.5


@pytest.mark.parametrize("fits", [1, 2, 5])
def test_out_of_memory_halves_the_batch(fits: int, caplog):
    source, tokens = source_of(corpus("random"))
    forgetful = LowMemorySource(source, fits)
    job = job_of(tokens, work_unit=32)
    with caplog.at_level("WARNING"):
        (rows,) = collect_tokens(forgetful, tokens, rules=job.rules, window=WINDOW, work_unit=32)
    (whole,) = collect_tokens(source, tokens, rules=job.rules, window=WINDOW, work_unit=32)
    assert_same(rows, whole)
    batch_sizes = [record.args[-1] for record in caplog.records]
    assert batch_sizes == [n for n in (16, 8, 4, 2, 1) if 2 * n > fits]  # one warning each, in the first unit


def test_candidates_are_pruned_across_the_batches_of_a_unit():
    """Check that candidates are pruned by the maxima of all batches of the unit."""
    source, tokens = source_of(corpus("slowly falling"))
    job = job_of(tokens, work_unit=300)
    whole = unit_candidates(source, job, (0, Hints()))
    halved = unit_candidates(LowMemorySource(source, 100), job, (0, Hints()))
    assert len(whole["5/neuron"]) < 15 * N_NEURONS
    for name, values in whole.items():
        np.testing.assert_array_equal(halved[name], values, err_msg=name)
        assert halved[name].dtype == values.dtype


def test_inputs_of_several_layers():
    rng = np.random.default_rng(0)
    x = {layer: rng.normal(size=(30, D_IN)).astype(np.float32) for layer in (1, 4)}
    source = TableSource(x, {layer: rng.normal(size=(30, 5)).astype(np.float32) for layer in (1, 4)})
    tokens = rng.integers(0, 30, size=(40, N_CTX), dtype=np.int32)
    for rows in collect_tokens(source, tokens, window=WINDOW):
        ids = tokens[rows.example, rows.pos]
        np.testing.assert_array_equal(rows.x[rows.x_row], (2 * x[rows.layer][ids]).astype(np.float16))
        np.testing.assert_array_equal(rows.activation, source.activations[rows.layer][ids, rows.neuron])


def test_torch_argmax_returns_the_first_maximum():
    """Check the behaviour of torch that `key_positions` relies on."""
    values = torch.tensor([[1.0, 3.0, 3.0, 0.0], [2.0, 2.0, 2.0, 2.0]])
    assert values.argmax(dim=1).tolist() == [1, 0]
