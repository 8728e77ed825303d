"""Token importance equals masking one token at a time; what is limited is limited in the order that was promised."""

import pickle

import numpy as np
import pytest
import torch

from ne_core.text.windows import Window
from precompute.steps.candidates import Rule
from precompute.steps.collect import collect_tokens
from precompute.steps.features import features_of
from precompute.steps.importance import (
    ImportanceError,
    Limits,
    gathered,
    importances,
    masked_passes,
    plan,
    unit_importances,
    units,
)
from precompute.steps.importance.budget import service_order, wanted_pairs
from precompute.steps.layer_features import LayerFeatures, Texts
from tests.support.fake_source import DriftingSource

N_EXAMPLES, N_CTX, SPECIAL = 40, 16, 0
WINDOW = Window(back=5, forward=2)
EVERYTHING = Limits(None, None)


def found_in(source, lengths_from: int = N_CTX) -> tuple[list[LayerFeatures], Texts, np.ndarray]:
    """Features of a random corpus with special tokens in it, whose last examples are shorter."""
    rng = np.random.default_rng(2)
    tokens = rng.integers(0, 30, size=(N_EXAMPLES, N_CTX), dtype=np.int32)
    lengths = np.where(np.arange(N_EXAMPLES) < 30, N_CTX, lengths_from).astype(np.int32)
    maskable = (tokens != SPECIAL) & (np.arange(N_CTX) < lengths[:, None])
    rules = {layer: Rule(0.6, 12) for layer in source.layers}
    layers = collect_tokens(source, tokens, lengths, maskable, rules, WINDOW)
    return features_of(layers, 0.3), Texts(tokens, lengths, [str(i) for i in range(30)], WINDOW), maskable


def one_at_a_time(source, texts: Texts, layer: int, example: int, masked: int, pos: int, neuron: int, name: str):
    """1 − a(masked) / a(clean) from two whole forward passes of one example."""
    embedded = source.embedding[torch.from_numpy(texts.tokens[example]).long()][None].clone()
    clean = source.pass_of(embedded, layer).activations[0, pos, neuron]
    embedded[0, masked] = source.baselines([name])[name]
    return float(1 - source.pass_of(embedded, layer).activations[0, pos, neuron] / clean)


@pytest.fixture(scope="module")
def source():
    return DriftingSource()


def test_every_value_equals_masking_one_token_at_a_time(source):
    layers, texts, maskable = found_in(source, lengths_from=11)
    names = ["mean-embedding", "zero"]
    got = importances(source, layers, texts, maskable, names, EVERYTHING, work_unit=7)
    checked = negative = 0
    for found in layers:
        rows, values = found.rows, got.by_layer[found.rows.layer]
        for row, (example, pos, neuron) in enumerate(zip(rows.example, rows.pos, rows.neuron, strict=True)):
            for place, masked in enumerate(range(pos - WINDOW.back + 1, pos + 1)):
                for number, name in enumerate(names):
                    value = values[row, number, place]
                    if masked < 0 or not maskable[example, masked]:
                        assert np.isnan(value)
                        continue
                    truth = one_at_a_time(source, texts, found.rows.layer, example, masked, pos, neuron, name)
                    assert value == pytest.approx(truth, abs=1e-4)
                    checked, negative = checked + 1, negative + (truth < -0.01)
    assert checked > 1000
    assert negative > 50  # inhibiting tokens keep their sign


def test_units_in_any_order_have_the_same_bytes(source):
    layers, texts, maskable = found_in(source, lengths_from=11)
    names = ["mean-embedding", "zero"]
    job = plan(layers, texts, maskable, names, Limits(None, 300), work_unit=7)
    order = np.random.default_rng(0).permutation(units(job)).tolist()
    elsewhere = pickle.loads(pickle.dumps(job))
    found = {unit: unit_importances(source, elsewhere, unit) for unit in order}
    again = {unit: unit_importances(source, job, unit) for unit in units(job)}
    for unit, arrays in again.items():
        assert {name: a.tobytes() for name, a in arrays.items()} == {n: a.tobytes() for n, a in found[unit].items()}
    whole = importances(source, layers, texts, maskable, names, Limits(None, 300), work_unit=7)
    in_one = importances(source, layers, texts, maskable, names, Limits(None, 300), work_unit=N_EXAMPLES)
    for layer, values in gathered(job, found.__getitem__).by_layer.items():
        np.testing.assert_array_equal(values, whole.by_layer[layer])
        np.testing.assert_allclose(values, in_one.by_layer[layer], atol=1e-6)


def test_a_unit_is_some_examples_under_one_baseline(source):
    layers, texts, maskable = found_in(source)
    maskable[14:21] = False  # the third unit of seven has nothing to mask
    job = plan(layers, texts, maskable, ["mean-embedding", "zero"], EVERYTHING, work_unit=7)
    assert units(job) == [0, 1, 3, 4, 5, 6, 7, 9, 10, 11]
    assert sum(masked_passes(job, unit) for unit in units(job)) == job.facts().passes
    source.passes = 0
    assert {array.shape[1] for array in unit_importances(source, job, 3).values()} == {WINDOW.back}
    assert source.passes == masked_passes(job, 3) == np.count_nonzero(job.pairs[21:28])


def test_a_masked_pass_serves_every_layer_and_neuron(source):
    layers, texts, maskable = found_in(source)
    source.passes = 0
    got = importances(source, layers, texts, maskable, ["zero"], EVERYTHING)
    pairs = {
        (example, masked)
        for found in layers
        for example, pos in zip(found.rows.example.tolist(), found.rows.pos.tolist(), strict=True)
        for masked in range(max(0, pos - WINDOW.back + 1), pos + 1)
        if maskable[example, masked]
    }
    assert source.passes == len(pairs) == got.facts.passes
    assert got.facts.rows == got.facts.rows_in_all == sum(found.rows.n_rows for found in layers)


def test_only_the_most_central_examples_are_asked_for(source):
    layers, texts, maskable = found_in(source)
    got = importances(source, layers, texts, maskable, ["zero"], Limits(1, None))
    everything = importances(source, layers, texts, maskable, ["zero"], EVERYTHING)
    for found in layers:
        values = got.by_layer[found.rows.layer]
        computed = np.isfinite(values).any(axis=(1, 2))
        assert computed[found.features.rank == 0].all()
        # a row is there whole or not at all
        np.testing.assert_array_equal(values[computed], everything.by_layer[found.rows.layer][computed])
    assert got.facts.passes < everything.facts.passes
    assert got.facts.rows == sum(int(np.isfinite(v).any(axis=(1, 2)).sum()) for v in got.by_layer.values())


@pytest.mark.parametrize("allowed", [0, 1, 30, 77, 200, 10_000])
@pytest.mark.parametrize("examples", [None, 1, 3])
def test_the_budget_is_spent_in_order(source, allowed: int, examples: int | None):
    layers, _, maskable = found_in(source)
    layer, row = service_order(layers, examples)
    pairs: set = set()
    for number, r in zip(layer.tolist(), row.tolist(), strict=True):
        rows = layers[number].rows
        window = range(max(0, rows.pos[r] - WINDOW.back + 1), rows.pos[r] + 1)
        more = pairs | {(int(rows.example[r]), t) for t in window if maskable[rows.example[r], t]}
        if len(more) > allowed:
            break
        pairs = more
    assert {
        tuple(p) for p in np.argwhere(wanted_pairs(layers, maskable, WINDOW.back, examples, allowed)).tolist()
    } == pairs


def test_the_blocks_that_rows_are_looked_at_in_do_not_show(source, monkeypatch):
    layers, _, maskable = found_in(source)
    whole = [wanted_pairs(layers, maskable, WINDOW.back, None, n) for n in (77, 200, None)]
    monkeypatch.setattr("precompute.steps.importance.budget.BLOCK", 5)
    for expected, n in zip(whole, (77, 200, None), strict=True):
        np.testing.assert_array_equal(wanted_pairs(layers, maskable, WINDOW.back, None, n), expected)


def test_central_examples_come_first_and_then_larger_features(source):
    layers, _, _ = found_in(source)
    layer, row = service_order(layers, None)
    features = [layers[n].features for n in layer]
    ranks = [int(f.rank[r]) for f, r in zip(features, row, strict=True)]
    sizes = [int(layers[n].features.size[layers[n].feature_of_row[r]]) for n, r in zip(layer, row, strict=True)]
    order = list(zip(ranks, [-size for size in sizes], strict=True))
    assert order == sorted(order)
    assert set(layer.tolist()) == {0, 1}


def test_two_baselines_share_the_budget(source):
    layers, texts, maskable = found_in(source)
    got = importances(source, layers, texts, maskable, ["zero", "mean-embedding"], Limits(None, 60))
    assert 0 < got.facts.passes <= 60
    assert got.facts.passes_allowed == 60


def test_nothing_allowed_leaves_everything_marked(source):
    layers, texts, maskable = found_in(source)
    got = importances(source, layers, texts, maskable, ["zero"], Limits(None, 0))
    assert got.facts.rows == 0
    assert all(np.isnan(values).all() for values in got.by_layer.values())


def test_no_rows_at_all(source):
    _, texts, maskable = found_in(source)
    none = collect_tokens(source, texts.tokens, may_be_key=np.zeros_like(maskable), window=WINDOW)
    got = importances(source, features_of(none, 0.3), texts, maskable, ["zero"], EVERYTHING)
    assert [v.shape for v in got.by_layer.values()] == [(0, 1, WINDOW.back)] * 2


def test_masked_activations_that_are_not_finite_are_refused(source):
    layers, texts, maskable = found_in(source)
    broken = DriftingSource()
    broken.baselines = lambda names: {name: torch.full((8,), torch.nan) for name in names}
    with pytest.raises(ImportanceError, match="not finite when a token is masked"):
        importances(broken, layers, texts, maskable, ["zero"], EVERYTHING)
