"""The step that compares neurons with chance: examples of random directions, and results for planted neurons."""

from dataclasses import replace

import numpy as np
import pytest

from ne_core.atlas.schema import EQUAL_N, RANDOM_DIRECTIONS
from ne_core.method.embeddings import EMBEDDINGS, Embedder
from ne_core.method.layer import NeuronLayer
from ne_core.method.statistics import InputStatistics
from ne_core.method.trees.cluster import similarities, tree, unit
from precompute.run.engines import LocalEngine
from precompute.steps.activating_examples import ActivatingExamples
from precompute.steps.directions import Pool, activating_rows, directions, draw_directions
from precompute.steps.equal_n import (
    COLUMNS,
    EqualNChunk,
    EqualNJob,
    EqualNMeasures,
    directions_chunk,
    equal_n_from,
    measure_neuron,
    neurons_chunk,
    work_equal_n,
)
from precompute.steps.features import unit_ranges

D_IN, MEANINGS, N, OTHERS = 48, 600, 20, 30
JOB = EqualNJob("neuron", 0.5, N, 30, 0)


def planted(seed: int = 0) -> ActivatingExamples:
    """Neuron 0 fires on one of 600 directions, neuron 1 on four, neuron 2 on twelve, neuron 3 has 5 examples.

    The layer's other neurons keep inputs of all directions, from which random directions get their examples. Every
    dataset example has one input.
    """
    rng = np.random.default_rng(seed)
    wanted = [[0], [1, 2, 3, 4], list(range(12)), [5]]
    wanted += [rng.choice(MEANINGS, 100).tolist() for _ in range(OTHERS)]
    counts = [40, 60, 100, 5, *([100] * OTHERS)]
    meaning = np.concatenate([np.resize(of, n) for of, n in zip(wanted, counts, strict=True)])
    axes = unit(rng.normal(size=(MEANINGS, D_IN)))
    x = axes[meaning] + rng.normal(0, 0.02, size=(len(meaning), D_IN))
    W = np.stack([axes[of].sum(axis=0) for of in wanted], axis=1)
    order = np.arange(len(meaning))
    return ActivatingExamples(
        layer=1,
        weights=NeuronLayer(W.astype(np.float32), np.zeros(len(wanted), np.float32)),
        maxima=np.full(len(wanted), 2.2, np.float32),
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        example=order,
        pos=np.ones(len(order), dtype=np.int64),
        activation=np.einsum("rd,dr->r", x, W[:, np.repeat(np.arange(len(wanted)), counts)]).astype(np.float32),
        window_activations=np.ones((len(order), 1), np.float32),
        x_row=order,
        x=x.astype(np.float16),
    )


def embedder(rows: ActivatingExamples) -> Embedder:
    x = np.asarray(rows.x, dtype=np.float32)
    return Embedder(InputStatistics(x.mean(axis=0), np.cov(x.T).astype(np.float32)))


def pool_of(rows: ActivatingExamples) -> Pool:
    return Pool.of(rows.weights, rows.x, rows.x_row, rows.example)


def units_of(job: EqualNJob, rows: ActivatingExamples) -> dict[int, dict[str, np.ndarray]]:
    drawn_directions = directions(pool_of(rows), job.n_directions, job.n, 0.75, 100, np.random.default_rng(0))
    embed = embedder(rows)
    chunks = [neurons_chunk(job, rows, 0, embed), directions_chunk(job, rows, drawn_directions, embed)]
    return dict(LocalEngine(1).map(work_equal_n, job, enumerate(chunks), None))


def compared(job: EqualNJob, rows: ActivatingExamples) -> EqualNMeasures:
    return equal_n_from([rows], unit_ranges([4 + OTHERS]), units_of(job, rows).__getitem__, job)


@pytest.fixture(scope="module")
def rows() -> ActivatingExamples:
    return planted()


@pytest.fixture(scope="module")
def measures(rows) -> dict[str, np.ndarray]:
    return compared(JOB, rows).by_layer[1]


def test_neuron_of_one_meaning_is_below_random_directions(measures):
    assert measures["rarefied_features"][0] == 1
    assert np.nanmean(measures["random_features"] <= 1) < 0.05
    assert measures["distance_high"][0] < 0.1 < np.nanmin(measures["random_distance"])


def test_planted_meanings_are_counted(measures):
    assert measures["rarefied_features"][1] == pytest.approx(4, abs=0.1)
    assert measures["rarefied_features"][0] < measures["rarefied_features"][1] < measures["rarefied_features"][2]
    assert np.isnan([measures[name][3] for name in COLUMNS]).all()


def test_all_columns_are_present(measures):
    assert set(measures) == {*COLUMNS, *(spec.file.removesuffix(".npy") for spec in RANDOM_DIRECTIONS)}
    assert set(COLUMNS) == {column.name for column in EQUAL_N}
    assert len(measures["random_features"]) == 30


def test_examples_of_random_directions_match_a_loop(rows):
    """Of several inputs of one dataset example only the highest is an example."""
    many = replace(rows, example=rows.example // 3)
    W, b = draw_directions(many.weights, 20, np.random.default_rng(1))
    rows_by_direction = activating_rows(pool_of(many), W, b, 0.75, 7)
    z = np.asarray(many.x, np.float32) @ W + b
    for direction, kept_examples in enumerate(rows_by_direction):
        best = {}
        for row, value in enumerate(z[:, direction]):
            example = row // 3
            if example not in best or value > z[best[example], direction]:
                best[example] = row
        top = z[:, direction].max()
        expected = [row for row in best.values() if z[row, direction] >= max(0.75 * top, 1e-9)]
        assert kept_examples.tolist() == expected[:7]


def test_random_weights_match_the_layers_statistics():
    """Compare mean and covariance over the layer's neurons; biases are theirs."""
    rng = np.random.default_rng(0)
    layer = NeuronLayer(rng.normal(size=(3, 200)).astype(np.float32) * [[1], [2], [3]] + 1, np.arange(200.0))
    W, b = draw_directions(layer, 20_000, rng)
    np.testing.assert_allclose(W.mean(axis=1), layer.W_in.mean(axis=1), atol=0.1)
    np.testing.assert_allclose(np.cov(W), np.cov(layer.W_in), atol=0.3)
    assert set(b.tolist()) <= set(layer.b_in.tolist())


def test_missing_directions_are_nan(rows):
    """No direction can keep more inputs than the layer has."""
    job = replace(JOB, n=300)
    arrays = compared(job, rows).by_layer[1]
    assert len(arrays["random_features"]) == 30
    assert np.isnan(arrays["random_features"]).all()


def test_layer_without_inputs():
    rows = planted()
    none = np.zeros(0, dtype=np.int64)
    empty = replace(
        rows,
        offsets=np.zeros(len(rows.offsets), dtype=np.int64),
        example=none,
        pos=none,
        activation=rows.activation[:0],
        window_activations=rows.window_activations[:0],
        x_row=none,
        x=rows.x[:0],
    )
    result = directions(pool_of(empty), 5, 20, 0.75, 100, np.random.default_rng(0))
    assert result.W.shape == (D_IN, 5)
    assert result.n_examples.tolist() == [0] * 5


@pytest.mark.parametrize("space", EMBEDDINGS)
def test_permuted_weights_change_nothing_in_spaces_without_weights(space, rows):
    job, embed = replace(JOB, space=space), embedder(rows)
    arrays = work_equal_n(job, first_neurons(neurons_chunk(job, rows, 0, embed), 2))
    ignores_weights = space in ("pre_mlp", "centred", "standardised", "whitened")
    assert np.array_equal(arrays["permuted_features"], arrays["rarefied_features"]) == ignores_weights
    assert np.isnan(arrays["permuted_low"]).all() == ignores_weights


def first_neurons(chunk: EqualNChunk, n: int) -> EqualNChunk:
    """A smaller, faster unit."""
    return replace(
        chunk,
        x=chunk.x[: chunk.n_examples[:n].sum()],
        n_examples=chunk.n_examples[:n],
        W_in=chunk.W_in[:, :n],
        permuted=None if chunk.permuted is None else chunk.permuted[:, :, :n],
    )


def test_permuted_weights_are_permutations(rows):
    chunk = neurons_chunk(JOB, rows, 0, embedder(rows))
    assert chunk.permuted.shape == (10, D_IN, 4 + OTHERS)
    for W in chunk.permuted:
        np.testing.assert_array_equal(np.sort(W, axis=0), np.sort(rows.weights.W_in, axis=0))
        assert not np.array_equal(W, rows.weights.W_in)


def test_count_matches_the_tree_in_every_space(rows):
    """Put all examples of a neuron in one set: the count is that of the atlas's tree."""
    embed, x, w = embedder(rows), rows.neuron_x(1), rows.weights.W_in[:, 1]
    for space in EMBEDDINGS:
        job = replace(JOB, space=space, n=60)
        arrays = measure_neuron(
            job, embed.inputs(space, x), embed.weights(space, w[:, None])[:, 0], None, np.random.default_rng(0)
        )
        linkage = tree(similarities(embed(space, x, w)))
        assert arrays["rarefied_features"] == 60 - int((linkage[:, 2] <= 0.5).sum())


@pytest.mark.slow
def test_results_do_not_depend_on_workers(rows):
    embed = embedder(rows)
    chunks = [first_neurons(neurons_chunk(JOB, rows, 0, embed), 4)] * 3
    one, two = (dict(LocalEngine(workers).map(work_equal_n, JOB, enumerate(chunks), 1)) for workers in (1, 2))
    for number, arrays in one.items():
        for name, values in arrays.items():
            np.testing.assert_array_equal(values, two[number][name])
