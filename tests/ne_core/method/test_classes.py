"""Classes of neurons: planted truth, the borders of each rule, and its description."""

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.method.classes import CLASSES, NAMES, class_counts, neuron_classes, related_distance, rules, second_sizes
from ne_core.method.measures import measures
from ne_core.method.trees.cluster import cut, similarities, tree
from ne_core.queries.ranking import ranking
from tests.support.planted import LAYERS

CUT = 0.5


def classed(sizes: list[int], inter: float = 1.0, distance: float = CUT) -> str:
    """Class of one neuron with features of these sizes, at distance `inter` from each other."""
    n = sum(sizes)
    neuron = {
        "n_examples": np.array([n], dtype=np.int32),
        "n_features": np.array([len(sizes)], dtype=np.int32),
        "largest_share": np.array([max(sizes, default=0) / max(n, 1)], dtype=np.float32),
        "inter_distance": np.array([inter if len(sizes) > 1 else np.nan], dtype=np.float32),
    }
    second = second_sizes(neuron["n_features"], np.array(sizes, dtype=np.int32))
    return CLASSES[neuron_classes(neuron, second, distance)[0]]


@pytest.mark.parametrize(
    ("sizes", "inter", "expected"),
    [
        ([], 1, "dead"),
        ([1], 1, "single"),
        ([12], 1, "single"),
        ([8, 1, 1], 1, "single"),  # two strays
        ([7, 1, 1, 1], 1, "many"),
        ([8, 2], 1, "primary-rare"),
        ([96, 4], 1, "primary-rare"),  # holds nearly all, but the other is not a stray
        ([6, 2, 2], 1, "primary-rare"),
        ([7, 3], 1, "many"),  # the second is not rare
        ([5, 2, 1, 1, 1], 1, "many"),  # the largest is not primary
        ([8, 2], 0.6, "primary-rare"),  # earlier rules win
        ([5, 5], 0.75, "related"),
        ([5, 5], 0.76, "many"),
        ([1, 1], 0.7, "related"),
    ],
)
def test_each_rule_at_its_border(sizes, inter, expected):
    assert classed(sizes, inter) == expected


def test_related_is_measured_from_the_cut():
    assert related_distance(0.5) == 0.75
    assert classed([5, 5], 0.5, distance=0.05) == "related"
    assert classed([5, 5], 0.6, distance=0.05) == "many"


def test_planted_neurons_have_their_class(tiny_atlas):
    """Planted features of one neuron are at right angles, so none are related."""
    table = ranking(Atlas.open(tiny_atlas))
    truth = {
        0: ["primary-rare", "single", "many", "single", "dead", "many"],
        2: ["primary-rare", "dead", "single", "many", "single"],
    }
    for layer in LAYERS:
        classes = table.columns["class"][table.columns["layer"] == layer]
        assert [CLASSES[i] for i in classes] == truth[layer]


@pytest.mark.parametrize(("cosine", "expected"), [(0.4, "related"), (0.1, "many")])
def test_planted_directions_at_an_angle(cosine, expected):
    """Plant two features of five examples whose directions have this cosine; use the real tree and measures."""
    a, b = np.eye(4)[0], cosine * np.eye(4)[0] + np.sqrt(1 - cosine**2) * np.eye(4)[1]
    noise = 0.02 * np.random.default_rng(0).normal(size=(10, 4))
    linkage = tree(similarities((np.repeat([a, b], 5, axis=0) + noise).astype(np.float32)))
    inter = measures(linkage, CUT).inter_distance
    assert classed(np.bincount(cut(linkage, CUT)).tolist(), inter) == expected


def test_second_sizes_belong_to_their_neuron():
    sizes = np.array([5, 9, 3, 1, 4, 4], dtype=np.int32)
    assert second_sizes(np.array([1, 3, 0, 2], dtype=np.int32), sizes).tolist() == [0, 3, 0, 4]
    assert second_sizes(np.zeros(2, dtype=np.int32), sizes[:0]).tolist() == [0, 0]


def test_counts_add_up_to_the_layers():
    counts = class_counts(np.array([0, 1, 1, 4], dtype=np.int8), np.array([0, 0, 2, 2]), (0, 2))
    assert counts.tolist() == [[1, 1, 0, 0, 0], [0, 1, 0, 0, 1]]


def test_every_class_has_a_name_and_a_rule_with_its_thresholds():
    sentences = rules(CUT)
    assert tuple(sentences) == tuple(NAMES) == CLASSES
    assert "60%" in sentences["primary-rare"]
    assert "0.75" in sentences["related"]
