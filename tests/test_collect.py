"""Collection in one pass equals a brute-force pass that keeps everything, in any order of the corpus."""

import numpy as np
import pytest

from ne_core.windows import Window
from precompute.candidates import Rule, chosen, merged
from precompute.collect import Batch, CollectError, LayerCollector, collect_tokens, read_unit, real_positions
from tests.fake_source import TableSource

N_CTX, N_NEURONS, D_IN = 7, 6, 3
WINDOW = Window(back=3, forward=2)


def source_of(activations: np.ndarray) -> tuple[TableSource, np.ndarray]:
    """A source whose activations [example pos neuron] are given, and the tokens that make it answer with them."""
    n_examples, n_ctx, n_neurons = activations.shape
    table = activations.reshape(-1, n_neurons).astype(np.float32)
    x = np.random.default_rng(9).normal(size=(len(table), D_IN)).astype(np.float32)
    return TableSource({5: x}, {5: table}), np.arange(n_examples * n_ctx, dtype=np.int32).reshape(n_examples, n_ctx)


def brute_force(activations, allowed, neuron: int, keep: float, max_examples: int, maximum=None) -> list[tuple]:
    """(example, pos, activation) of one neuron's activating examples, with everything in memory."""
    values = np.where(allowed, activations[:, :, neuron].astype(np.float32), -np.inf)
    maximum = values.max() if maximum is None else maximum
    if maximum <= 0:
        return []
    first = np.flatnonzero(values.max(axis=1) >= np.float32(keep) * maximum)[:max_examples]
    return [(int(e), int(values[e].argmax()), float(values[e].max())) for e in first]


def found(rows, neuron: int) -> list[tuple]:
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
@pytest.mark.parametrize(("keep", "max_examples"), [(0.75, 10), (0.2, 3), (1.0, 5), (0.98, 10)])
def test_one_pass_equals_keeping_everything(order: str, keep: float, max_examples: int):
    activations = corpus(order)
    source, tokens = source_of(activations)
    (rows,) = collect_tokens(source, tokens, rules={5: Rule(keep, max_examples)}, window=WINDOW, work_unit=4)
    allowed = real_positions(np.full(len(tokens), N_CTX), N_CTX)
    for neuron in range(N_NEURONS):
        assert found(rows, neuron) == brute_force(activations, allowed, neuron, keep, max_examples)


@pytest.mark.parametrize("order", ORDERS)
def test_maxima_from_elsewhere_set_the_threshold(order: str):
    activations = corpus(order)
    given = np.array([0.5, 1.0, 1.5, 2.5, 0.0, -1.0], dtype=np.float32)
    source, tokens = source_of(activations)
    (rows,) = collect_tokens(source, tokens, rules={5: Rule(0.75, 10, given)}, window=WINDOW, work_unit=16)
    allowed = real_positions(np.full(len(tokens), N_CTX), N_CTX)
    for neuron, maximum in enumerate(given):
        assert found(rows, neuron) == brute_force(activations, allowed, neuron, 0.75, 10, maximum)
    assert np.array_equal(rows.maxima, given)


def test_maxima_from_elsewhere_keep_no_more_than_they_must():
    """Once ten are above a threshold that stands, later ones go, however large: memory does not follow the corpus."""
    activations = corpus("slowly rising")
    source, tokens = source_of(activations)
    collector = LayerCollector(source, 5, Rule(0.75, 10, np.ones(N_NEURONS, dtype=np.float32)), WINDOW)
    allowed = real_positions(np.full(4, N_CTX), N_CTX)
    for start in range(0, len(tokens), 4):
        batch = Batch(start, np.full(4, N_CTX), allowed)
        read_unit(source, tokens[start : start + 4], batch, {5: collector})
    assert len(collector.candidates()) == 10 * N_NEURONS


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("split", [1, 97, 299])
def test_two_parts_merge_into_the_whole(order: str, split: int):
    activations = corpus(order)
    source, tokens = source_of(activations)
    rule = Rule(0.75, 10)
    parts = [part(source, tokens, rule, start, stop) for start, stop in ((0, split), (split, len(tokens)))]
    rows = chosen(merged(parts, rule), rule, 5, source.layer(5))
    (whole,) = collect_tokens(source, tokens, rules={5: rule}, window=WINDOW)
    for name in ("maxima", "offsets", "example", "pos", "activation", "window_activations", "x_row", "x"):
        np.testing.assert_array_equal(getattr(rows, name), getattr(whole, name), err_msg=name)


def part(source, tokens: np.ndarray, rule: Rule, start: int, stop: int):
    collector = LayerCollector(source, 5, rule, WINDOW)
    allowed = real_positions(np.full(stop - start, N_CTX), N_CTX)
    read_unit(source, tokens[start:stop], Batch(start, np.full(stop - start, N_CTX), allowed), {5: collector})
    return collector.candidates()


def test_work_units_do_not_change_what_is_found():
    source, tokens = source_of(corpus("random"))
    one, many = (collect_tokens(source, tokens, window=WINDOW, work_unit=n)[0] for n in (1, 300))
    for name in ("offsets", "example", "pos", "activation", "window_activations", "x_row", "x"):
        np.testing.assert_array_equal(getattr(one, name), getattr(many, name), err_msg=name)


def test_rows_carry_their_own_inputs_and_windows():
    activations = corpus("random")
    source, tokens = source_of(activations)
    (rows,) = collect_tokens(source, tokens, window=WINDOW, work_unit=32)
    ids = tokens[rows.example, rows.pos]
    np.testing.assert_array_equal(rows.x[rows.x_row], 2 * source.x[5][ids])
    assert len(rows.x) == len(np.unique(ids))  # each once
    for row, (example, pos, neuron) in enumerate(zip(rows.example, rows.pos, rows.neuron, strict=True)):
        for place, at in enumerate(range(pos - 2, pos + 3)):
            value = rows.window_activations[row, place]
            assert np.isnan(value) if not 0 <= at < N_CTX else value == np.float32(activations[example, at, neuron])


def test_a_key_token_is_never_padding_special_or_first():
    activations = np.zeros((3, N_CTX, 1))
    activations[:, :, 0] = [9, 1, 8, 2, 3, 7, 7]
    lengths = np.array([5, 7, 2], dtype=np.int32)
    may_be_key = np.ones((3, N_CTX), dtype=bool)
    may_be_key[:, 2] = False  # a special token
    source, tokens = source_of(activations)
    (rows,) = collect_tokens(source, tokens, lengths, may_be_key, {5: Rule(0.1, 100)}, WINDOW)
    # the third has only position 1; of equals, the first
    assert found(rows, 0) == [(0, 4, 3.0), (1, 5, 7.0), (2, 1, 1.0)]
    assert rows.maxima.tolist() == [7.0]
    np.testing.assert_array_equal(np.isnan(rows.window_activations[0]), [False, False, False, True, True])


def test_examples_without_any_possible_key_token():
    source, tokens = source_of(np.ones((4, N_CTX, 2)))
    (rows,) = collect_tokens(source, tokens, may_be_key=np.zeros((4, N_CTX), dtype=bool), window=WINDOW)
    assert rows.n_rows == 0
    assert rows.offsets.tolist() == [0, 0, 0]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_activations_that_are_not_finite_are_refused(bad: float):
    activations = corpus("random")
    activations[70, 3, 2] = bad
    source, tokens = source_of(activations)
    with pytest.raises(CollectError, match="layer 5 has activations that are not finite"):
        collect_tokens(source, tokens, window=WINDOW)


def test_memory_is_bounded_in_random_order():
    """About max_examples · (1 + ln(n / max_examples)) candidates a neuron (METHOD, section 2), not n."""
    activations = np.random.default_rng(1).uniform(0.8, 1, size=(4000, 2, 4))
    source, tokens = source_of(activations)
    collector = LayerCollector(source, 5, Rule(0.75, 10), WINDOW)
    for start in range(0, 4000, 50):
        unit = Batch(start, np.full(50, 2), real_positions(np.full(50, 2), 2))
        read_unit(source, tokens[start : start + 50], unit, {5: collector})
        assert sum(map(len, collector.waiting)) + len(collector.state) < 4 * 4 * 70
    assert len(collector.candidates()) < 4 * 10 * (1 + np.log(400)) * 1.3
