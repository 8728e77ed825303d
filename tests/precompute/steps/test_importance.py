"""Token importance matches masking one token at a time; the budget is spent in order of priority."""

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


def features_and_texts(source, last_length: int = N_CTX) -> tuple[list[LayerFeatures], Texts, np.ndarray]:
    """Return features and texts of a random corpus with special tokens; the last examples are shorter."""
    rng = np.random.default_rng(2)
    tokens = rng.integers(0, 30, size=(N_EXAMPLES, N_CTX), dtype=np.int32)
    lengths = np.where(np.arange(N_EXAMPLES) < 30, N_CTX, last_length).astype(np.int32)
    maskable = (tokens != SPECIAL) & (np.arange(N_CTX) < lengths[:, None])
    rules = {layer: Rule(0.6, 12) for layer in source.layers}
    layers = collect_tokens(source, tokens, lengths, maskable, rules, WINDOW)
    return features_of(layers, 0.3), Texts(tokens, lengths, [str(i) for i in range(30)], WINDOW), maskable


def masked_importance(source, texts: Texts, layer: int, example: int, masked: int, pos: int, neuron: int, name: str):
    """Return 1 − a(masked) / a(clean) from two whole forward passes of one example."""
    embedded = source.embedding[torch.from_numpy(texts.tokens[example]).long()][None].clone()
    clean = source.pass_of(embedded, layer).activations[0, pos, neuron]
    embedded[0, masked] = source.baselines([name])[name]
    return float(1 - source.pass_of(embedded, layer).activations[0, pos, neuron] / clean)


@pytest.fixture(scope="module")
def source():
    return DriftingSource()


def test_importance_matches_masking_one_token_at_a_time(source):
    layers, texts, maskable = features_and_texts(source, last_length=11)
    names = ["mean-embedding", "zero"]
    result = importances(source, layers, texts, maskable, names, EVERYTHING, work_unit=7)
    checked = negative = 0
    for layer in layers:
        rows, values = layer.rows, result.by_layer[layer.rows.layer]
        for row, (example, pos, neuron) in enumerate(zip(rows.example, rows.pos, rows.neuron, strict=True)):
            for column, masked in enumerate(range(pos - WINDOW.back + 1, pos + 1)):
                for baseline, name in enumerate(names):
                    value = values[row, baseline, column]
                    if masked < 0 or not maskable[example, masked]:
                        assert np.isnan(value)
                        continue
                    expected = masked_importance(source, texts, layer.rows.layer, example, masked, pos, neuron, name)
                    assert value == pytest.approx(expected, abs=1e-4)
                    checked, negative = checked + 1, negative + (expected < -0.01)
    assert checked > 1000
    assert negative > 50  # inhibiting tokens keep their sign


def test_units_do_not_depend_on_their_order(source):
    layers, texts, maskable = features_and_texts(source, last_length=11)
    names = ["mean-embedding", "zero"]
    job = plan(layers, texts, maskable, names, Limits(None, 300), work_unit=7)
    order = np.random.default_rng(0).permutation(units(job)).tolist()
    elsewhere = pickle.loads(pickle.dumps(job))
    results = {unit: unit_importances(source, elsewhere, unit) for unit in order}
    again = {unit: unit_importances(source, job, unit) for unit in units(job)}
    for unit, arrays in again.items():
        assert {name: a.tobytes() for name, a in arrays.items()} == {n: a.tobytes() for n, a in results[unit].items()}
    whole = importances(source, layers, texts, maskable, names, Limits(None, 300), work_unit=7)
    in_one = importances(source, layers, texts, maskable, names, Limits(None, 300), work_unit=N_EXAMPLES)
    for layer, values in gathered(job, results.__getitem__).by_layer.items():
        np.testing.assert_array_equal(values, whole.by_layer[layer])
        np.testing.assert_allclose(values, in_one.by_layer[layer], atol=1e-6)


def test_units_and_their_masked_passes(source):
    layers, texts, maskable = features_and_texts(source)
    maskable[14:21] = False  # the third unit of seven has nothing to mask
    job = plan(layers, texts, maskable, ["mean-embedding", "zero"], EVERYTHING, work_unit=7)
    assert units(job) == [0, 1, 3, 4, 5, 6, 7, 9, 10, 11]
    assert sum(masked_passes(job, unit) for unit in units(job)) == job.facts().passes
    source.passes = 0
    assert {array.shape[1] for array in unit_importances(source, job, 3).values()} == {WINDOW.back}
    assert source.passes == masked_passes(job, 3) == np.count_nonzero(job.pairs[21:28])


def test_one_pass_per_example_and_position(source):
    layers, texts, maskable = features_and_texts(source)
    source.passes = 0
    result = importances(source, layers, texts, maskable, ["zero"], EVERYTHING)
    pairs = {
        (example, masked)
        for layer in layers
        for example, pos in zip(layer.rows.example.tolist(), layer.rows.pos.tolist(), strict=True)
        for masked in range(max(0, pos - WINDOW.back + 1), pos + 1)
        if maskable[example, masked]
    }
    assert source.passes == len(pairs) == result.facts.passes
    assert result.facts.rows == result.facts.rows_in_all == sum(layer.rows.n_rows for layer in layers)


def test_only_the_most_central_examples_are_computed(source):
    layers, texts, maskable = features_and_texts(source)
    result = importances(source, layers, texts, maskable, ["zero"], Limits(1, None))
    everything = importances(source, layers, texts, maskable, ["zero"], EVERYTHING)
    for layer in layers:
        values = result.by_layer[layer.rows.layer]
        computed = np.isfinite(values).any(axis=(1, 2))
        assert computed[layer.features.rank == 0].all()
        # a row is computed completely or not at all
        np.testing.assert_array_equal(values[computed], everything.by_layer[layer.rows.layer][computed])
    assert result.facts.passes < everything.facts.passes
    assert result.facts.rows == sum(int(np.isfinite(v).any(axis=(1, 2)).sum()) for v in result.by_layer.values())


@pytest.mark.parametrize("max_pairs", [0, 1, 30, 77, 200, 10_000])
@pytest.mark.parametrize("examples", [None, 1, 3])
def test_pairs_are_selected_in_order_of_priority(source, max_pairs: int, examples: int | None):
    layers, _, maskable = features_and_texts(source)
    layer, row = service_order(layers, examples)
    pairs: set = set()
    for number, r in zip(layer.tolist(), row.tolist(), strict=True):
        rows = layers[number].rows
        window = range(max(0, rows.pos[r] - WINDOW.back + 1), rows.pos[r] + 1)
        with_row = pairs | {(int(rows.example[r]), t) for t in window if maskable[rows.example[r], t]}
        if len(with_row) > max_pairs:
            break
        pairs = with_row
    assert {
        tuple(p) for p in np.argwhere(wanted_pairs(layers, maskable, WINDOW.back, examples, max_pairs)).tolist()
    } == pairs


def test_pairs_do_not_depend_on_the_block_size(source, monkeypatch):
    layers, _, maskable = features_and_texts(source)
    whole = [wanted_pairs(layers, maskable, WINDOW.back, None, n) for n in (77, 200, None)]
    monkeypatch.setattr("precompute.steps.importance.budget.BLOCK", 5)
    for expected, n in zip(whole, (77, 200, None), strict=True):
        np.testing.assert_array_equal(wanted_pairs(layers, maskable, WINDOW.back, None, n), expected)


def test_order_of_priority(source):
    layers, _, _ = features_and_texts(source)
    layer, row = service_order(layers, None)
    features = [layers[n].features for n in layer]
    ranks = [int(f.rank[r]) for f, r in zip(features, row, strict=True)]
    sizes = [int(layers[n].features.size[layers[n].feature_of_row[r]]) for n, r in zip(layer, row, strict=True)]
    order = list(zip(ranks, [-size for size in sizes], strict=True))
    assert order == sorted(order)
    assert set(layer.tolist()) == {0, 1}


def test_central_examples_of_all_features_come_before_any_other(source):
    """A budget of exactly the central examples computes each of them; with one pass less a smallest one is missing."""
    layers, texts, maskable = features_and_texts(source)
    central = [np.isin(np.arange(layer.rows.n_rows), layer.central_rows) for layer in layers]
    needed = int(wanted_pairs(layers, maskable, WINDOW.back, 1, None).sum())
    for budget, is_enough in ((needed, True), (needed - 1, False)):
        job = plan(layers, texts, maskable, ["zero"], Limits(None, budget), work_unit=7)
        missing = [
            layer.features.size[layer.feature_of_row[np.setdiff1d(np.flatnonzero(rows), requested.row)]]
            for layer, rows, requested in zip(layers, central, job.layers, strict=True)
        ]
        assert (sum(map(len, missing)) == 0) == is_enough
    smallest = min(int(layer.features.size.min()) for layer in layers)
    assert set(np.concatenate(missing).tolist()) == {smallest}


def test_two_baselines_share_the_passes(source):
    layers, texts, maskable = features_and_texts(source)
    result = importances(source, layers, texts, maskable, ["zero", "mean-embedding"], Limits(None, 60))
    assert 0 < result.facts.passes <= 60
    assert result.facts.passes_allowed == 60


def test_zero_passes_give_only_nan(source):
    layers, texts, maskable = features_and_texts(source)
    result = importances(source, layers, texts, maskable, ["zero"], Limits(None, 0))
    assert result.facts.rows == 0
    assert all(np.isnan(values).all() for values in result.by_layer.values())


def test_layers_without_rows(source):
    _, texts, maskable = features_and_texts(source)
    none = collect_tokens(source, texts.tokens, may_be_key=np.zeros_like(maskable), window=WINDOW)
    result = importances(source, features_of(none, 0.3), texts, maskable, ["zero"], EVERYTHING)
    assert [v.shape for v in result.by_layer.values()] == [(0, 1, WINDOW.back)] * 2


def test_masked_activations_that_are_not_finite_are_refused(source):
    layers, texts, maskable = features_and_texts(source)
    broken = DriftingSource()
    broken.baselines = lambda names: {name: torch.full((8,), torch.nan) for name in names}
    with pytest.raises(ImportanceError, match="not finite when a token is masked"):
        importances(broken, layers, texts, maskable, ["zero"], EVERYTHING)
