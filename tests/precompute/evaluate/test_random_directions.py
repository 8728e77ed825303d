"""The stage that compares neurons with chance: what a random direction keeps, and what planted neurons show."""

from dataclasses import replace

import numpy as np
import pytest

from ne_core.atlas.schema import RANDOM_DIRECTIONS, RAREFIED
from ne_core.method.cluster import similarities, tree, unit
from ne_core.method.embeddings import EMBEDDINGS, Embedder
from ne_core.method.layer import NeuronLayer
from ne_core.method.statistics import InputStatistics
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
    """Neuron 0 looks for one of 600 directions, neuron 1 for four, neuron 2 for twelve, neuron 3 has 5 examples.

    What the layer's other neurons keep is of all directions: the inputs that random directions find theirs among.
    Every dataset example has one input.
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
    found = directions(pool_of(rows), job.n_directions, job.n, 0.75, 100, np.random.default_rng(0))
    to = embedder(rows)
    given = [neurons_chunk(job, rows, 0, to), directions_chunk(job, rows, found, to)]
    return dict(LocalEngine(1).map(work_equal_n, job, enumerate(given), None))


def compared(job: EqualNJob, rows: ActivatingExamples) -> EqualNMeasures:
    return equal_n_from([rows], unit_ranges([4 + OTHERS]), units_of(job, rows).__getitem__, job)


@pytest.fixture(scope="module")
def rows() -> ActivatingExamples:
    return planted()


@pytest.fixture(scope="module")
def found(rows) -> dict[str, np.ndarray]:
    return compared(JOB, rows).by_layer[1]


def test_a_neuron_of_one_meaning_lies_below_random_directions(found):
    assert found["rarefied_features"][0] == 1
    assert np.nanmean(found["random_features"] <= 1) < 0.05
    assert found["distance_high"][0] < 0.1 < np.nanmin(found["random_distance"])


def test_planted_meanings_are_counted_where_examples_suffice(found):
    assert found["rarefied_features"][1] == pytest.approx(4, abs=0.1)
    assert found["rarefied_features"][0] < found["rarefied_features"][1] < found["rarefied_features"][2]
    assert np.isnan([found[name][3] for name in COLUMNS]).all()


def test_there_is_a_number_of_each(found):
    assert set(found) == {*COLUMNS, *(spec.file.removesuffix(".npy") for spec in RANDOM_DIRECTIONS)}
    assert set(COLUMNS) == {column.name for column in RAREFIED}
    assert len(found["random_features"]) == 30


def test_a_random_direction_keeps_what_a_loop_would(rows):
    """Several inputs of one dataset example among them: one is kept, its highest."""
    many = replace(rows, example=rows.example // 3)
    W, b = draw_directions(many.weights, 20, np.random.default_rng(1))
    kept = activating_rows(pool_of(many), W, b, 0.75, 7)
    z = np.asarray(many.x, np.float32) @ W + b
    for direction, mine in enumerate(kept):
        best = {}
        for row, value in enumerate(z[:, direction]):
            example = row // 3
            if example not in best or value > z[best[example], direction]:
                best[example] = row
        top = z[:, direction].max()
        passing = [row for row in best.values() if z[row, direction] >= max(0.75 * top, 1e-9)]
        assert mine.tolist() == passing[:7]


def test_random_weights_are_as_the_layers():
    """Mean and covariance over the layer's neurons, and biases that are theirs."""
    rng = np.random.default_rng(0)
    layer = NeuronLayer(rng.normal(size=(3, 200)).astype(np.float32) * [[1], [2], [3]] + 1, np.arange(200.0))
    W, b = draw_directions(layer, 20_000, rng)
    np.testing.assert_allclose(W.mean(axis=1), layer.W_in.mean(axis=1), atol=0.1)
    np.testing.assert_allclose(np.cov(W), np.cov(layer.W_in), atol=0.3)
    assert set(b.tolist()) <= set(layer.b_in.tolist())


def test_directions_that_are_missing_have_no_numbers(rows):
    """No input of this layer can be kept twice as often as there are."""
    job = replace(JOB, n=300)
    told = compared(job, rows).by_layer[1]
    assert len(told["random_features"]) == 30
    assert np.isnan(told["random_features"]).all()


def test_a_layer_without_inputs():
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
    found = directions(pool_of(empty), 5, 20, 0.75, 100, np.random.default_rng(0))
    assert found.W.shape == (D_IN, 5)
    assert found.n_examples.tolist() == [0] * 5


@pytest.mark.parametrize("space", EMBEDDINGS)
def test_permuted_weights_are_the_same_where_weights_are_not_read(space, rows):
    job, to = replace(JOB, space=space), embedder(rows)
    told = work_equal_n(job, first_neurons(neurons_chunk(job, rows, 0, to), 2))
    without = space in ("pre_mlp", "centred", "standardised", "whitened")
    assert np.array_equal(told["permuted_features"], told["rarefied_features"]) == without
    assert np.isnan(told["permuted_low"]).all() == without


def first_neurons(given: EqualNChunk, n: int) -> EqualNChunk:
    """A smaller unit, which is sooner done."""
    return replace(
        given,
        x=given.x[: given.n_examples[:n].sum()],
        n_examples=given.n_examples[:n],
        W_in=given.W_in[:, :n],
        permuted=None if given.permuted is None else given.permuted[:, :, :n],
    )


def test_permuted_weights_are_the_neurons_own_in_another_order(rows):
    chunk = neurons_chunk(JOB, rows, 0, embedder(rows))
    assert chunk.permuted.shape == (10, D_IN, 4 + OTHERS)
    for W in chunk.permuted:
        np.testing.assert_array_equal(np.sort(W, axis=0), np.sort(rows.weights.W_in, axis=0))
        assert not np.array_equal(W, rows.weights.W_in)


def test_every_space_measures_its_own_embeddings(rows):
    """All examples of a neuron in one set: the count of the tree that the atlas would have."""
    to, x, w = embedder(rows), rows.neuron_x(1), rows.weights.W_in[:, 1]
    for space in EMBEDDINGS:
        job = replace(JOB, space=space, n=60)
        told = measure_neuron(
            job, to.inputs(space, x), to.weights(space, w[:, None])[:, 0], None, np.random.default_rng(0)
        )
        own = tree(similarities(to(space, x, w)))
        assert told["rarefied_features"] == 60 - int((own[:, 2] <= 0.5).sum())


def test_neither_workers_nor_their_number_show(rows):
    to = embedder(rows)
    chunks = [first_neurons(neurons_chunk(JOB, rows, 0, to), 4)] * 3
    one, two = (dict(LocalEngine(workers).map(work_equal_n, JOB, enumerate(chunks), 1)) for workers in (1, 2))
    for number, arrays in one.items():
        for name, values in arrays.items():
            np.testing.assert_array_equal(values, two[number][name])
