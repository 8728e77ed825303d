"""Alignment of layers: planted rotations are recovered, distances stay, unrelated layers are left as they are."""

import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes

from ne_core.method.alignment import (
    LayerInputs,
    aligners,
    common_inputs,
    congruence,
    orthogonal,
    position_number,
    related_crosses,
    rotations,
)
from ne_core.method.embeddings import Embedder
from ne_core.method.statistics import InputStatistics

D, N = 32, 600
POSITIONS = position_number(np.arange(N) // 3, np.arange(N) % 3)  # three positions of each text


def layer_of(x: np.ndarray, position: np.ndarray = POSITIONS) -> LayerInputs:
    moments = InputStatistics(x.mean(axis=0).astype(np.float32), np.cov(x.T).astype(np.float32))
    return LayerInputs(position, x.astype(np.float32), Embedder(moments))


def turned(rng: np.random.Generator) -> np.ndarray:
    return np.linalg.qr(rng.normal(size=(D, D)))[0]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def rotated(rng) -> list[LayerInputs]:
    """Three layers with the same inputs in rotated coordinates, each with noise of its own."""
    x = rng.normal(size=(N, D))
    return [layer_of(x @ turned(rng) + 0.1 * rng.normal(size=(N, D))) for _ in range(3)]


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def test_position_numbers_are_in_corpus_order():
    example, pos = np.array([0, 0, 1, 70_000], dtype=np.int32), np.array([0, 2**15 - 1, 0, 3], dtype=np.int16)
    assert (np.diff(position_number(example, pos)) > 0).all()


def test_rotated_layers_meet(rotated):
    placed = [align(layer.x) for align, layer in zip(aligners(rotated), rotated, strict=True)]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.median(cosines(rotated[one].x, rotated[other].x)) < 0.2
        assert cosines(placed[one], placed[other]).min() > 0.9


def test_distances_within_a_layer_stay(rotated):
    for align, layer in zip(aligners(rotated), rotated, strict=True):
        plain, x = layer.embedder.standardised(layer.x), align(layer.x)
        np.testing.assert_allclose(x @ x.T, plain @ plain.T, atol=1e-3)


def test_positions_that_were_not_common_meet_too(rng):
    """Layer 1 lacks every third position; its aligner places inputs at these as well."""
    x, turn = rng.normal(size=(N, D)), turned(rng)
    part = np.arange(N) % 3 > 0
    layers = [layer_of(x), layer_of(x[part] @ turn, POSITIONS[part])]
    first, second = aligners(layers)
    assert cosines(first(x[~part]), second(x[~part] @ turn)).min() > 0.9


def test_two_layers_agree_with_scipy(rotated):
    """The first layer keeps its coordinates, up to the small term that prefers them."""
    crosses = related_crosses(rotated[:2])
    a, b = (layer.standardised(POSITIONS) for layer in rotated[:2])
    np.testing.assert_allclose(crosses[0, 1], a.T.astype(float) @ b, rtol=1e-4, atol=1e-2)
    first, second = rotations(crosses, 2, D)
    np.testing.assert_allclose(second @ first.T, orthogonal_procrustes(b, a)[0], atol=0.05)


def test_layer_of_other_inputs_keeps_its_coordinates(rotated, rng):
    """It has all positions in common with the others, and rotations can fit any inputs."""
    other = layer_of(rng.normal(size=(N, D)))
    crosses = related_crosses([*rotated, other])
    assert set(crosses) == {(0, 1), (0, 2), (1, 2)}
    np.testing.assert_allclose(aligners([*rotated, other])[3].rotation, np.eye(D), atol=1e-6)


def test_congruence_is_that_of_held_out_texts(rotated, rng):
    """Fitted inputs of unrelated layers are congruent, held-out ones are not."""
    layers = [rotated[0], layer_of(rng.normal(size=(N, D)))]
    ((_, (fitted, held_out)),) = common_inputs(layers)
    one, other = rotations({(0, 1): fitted.cross}, 2, D)
    assert congruence(fitted, one, other) > 0.2 > 0.05 > abs(congruence(held_out, one, other))


def test_few_common_inputs_leave_the_rotation_open(rotated):
    few = LayerInputs(POSITIONS[: D - 1], rotated[1].x[: D - 1], rotated[1].embedder)
    for align in aligners([rotated[0], few]):
        np.testing.assert_allclose(align.rotation, np.eye(D), atol=1e-6)


def test_no_inputs_leave_the_rotation_open(rotated):
    nothing = LayerInputs(POSITIONS[:0], rotated[1].x[:0], rotated[1].embedder)
    assert len(aligners([rotated[0], nothing])) == 2


def test_one_text_cannot_decide(rng):
    """All common positions are of one text, so that nothing is held out."""
    x, position = rng.normal(size=(N, D)), position_number(np.zeros(N, dtype=int), np.arange(N))
    assert related_crosses([layer_of(x, position), layer_of(x @ turned(rng), position)]) == {}


def test_orthogonal_factor_of_a_stretched_rotation(rng):
    turn, stretch = turned(rng), np.diag(rng.uniform(0.5, 2, size=D))
    np.testing.assert_allclose(orthogonal(stretch @ turn), turn, atol=1e-10)
