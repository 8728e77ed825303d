"""The table that compares spaces: its values, reading, and refusal of invalid tables."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.schema import CELLS
from ne_core.atlas.verify import verify
from ne_core.errors import AtlasError
from ne_core.method.comparison import BY, COMPARED, EACH, LEAST, MOST, Comparison, comparable
from ne_core.method.separation import separation
from ne_core.method.trees.cluster import cut_into, similarities
from ne_core.method.trees.linkage import light_tree
from ne_core.refs import NeuronRef
from precompute.steps.features import CHUNK
from precompute.steps.spaces import SpacesJob, spaces_from, spaces_input, spaces_of, work_spaces
from tests.support.hostile import change_table, copy_atlas, manifest_of, seal, set_manifest
from tests.support.planted import embedders, planted_layers, planted_statistics


@pytest.fixture
def copy(tiny_atlas, tmp_path):
    return copy_atlas(tiny_atlas, tmp_path / "atlas")


def test_comparable_neurons_are_in_the_table(tiny_atlas):
    comparison = Atlas.open(tiny_atlas).comparison
    assert list(zip(comparison.layer.tolist(), comparison.neuron.tolist(), strict=True)) == [
        (0, 0),
        (0, 2),
        (0, 5),
        (2, 0),
    ]
    counts = comparable(np.array([LEAST - 1, LEAST, MOST, MOST + 1, LEAST]), np.array([2, 2, 2, 2, 1]))
    assert counts.tolist() == [False, True, True, False, False]


def test_table_matches_values_computed_from_the_atlas(tiny_atlas):
    """Compare with a tolerance, as the atlas stores inputs and weights in half precision."""
    atlas = Atlas.open(tiny_atlas)
    comparison = atlas.comparison
    for row in range(len(comparison)):
        ref = NeuronRef(int(comparison.layer[row]), int(comparison.neuron[row]))
        x, w = atlas.neuron_inputs(ref).astype(np.float32), atlas.weights(ref.layer).W_in[:, ref.neuron]
        cosines = [similarities(atlas.embedder(ref.layer)(space, x, w.astype(np.float32))) for space in COMPARED]
        neuron = atlas.neuron(ref)
        k = int(neuron.feature.max()) + 1
        clusters = [neuron.feature.astype(np.int64), *(cut_into(light_tree(each), k) for each in cosines[1:])]
        for i, cluster in enumerate(clusters):
            for j, space_cosines in enumerate(cosines):
                expected, cell = separation(space_cosines, cluster), (row, i, j)
                values = (
                    comparison.silhouette[cell],
                    comparison.intra[cell],
                    comparison.inter[cell],
                    comparison.ratio[cell],
                )
                assert values == pytest.approx(
                    (expected.silhouette, expected.intra, expected.inter, expected.ratio), abs=2e-3, nan_ok=True
                )


def test_planted_features_are_separated(tiny_atlas):
    comparison = Atlas.open(tiny_atlas).comparison
    assert (comparison.values("silhouette", EACH)[:, :2] > 0.9).all()
    assert (comparison.values("ratio", "neuron")[:, :2] < 0.1).all()


def test_table_does_not_depend_on_units():
    rng = np.random.default_rng(0)
    _, layers = planted_layers(rng)
    embedder_of_layer = embedders({layer.rows.layer: planted_statistics(rng, layer.rows) for layer in layers})
    whole = spaces_of(layers, embedder_of_layer)
    parts = [
        work_spaces(SpacesJob("neuron"), spaces_input(each, 0, embedder_of_layer[each.rows.layer])) for each in layers
    ]
    assert all(len(each.rows.maxima) <= CHUNK for each in layers)
    for name, column in spaces_from(layers, parts).items():
        assert np.array_equal(column, whole[name], equal_nan=True)
    other = spaces_of(layers, embedder_of_layer, "conditional")
    assert other["silhouette"].shape == (4, CELLS)


def comparison_of(silhouette, intra=None, inter=None) -> Comparison:
    silhouette = np.asarray(silhouette, dtype=float)
    n = len(silhouette)
    some = [np.full((n, 3, 3), 0.5) if each is None else np.asarray(each, dtype=float) for each in (intra, inter)]
    return Comparison(np.zeros(n, np.int16), np.arange(n, dtype=np.int32), silhouette, *some)


def test_values_and_wins_of_a_comparison():
    one = np.arange(9.0).reshape(1, 3, 3) / 10
    comparison = comparison_of(one)
    assert comparison.values("silhouette", EACH).tolist() == [[0, 0.4, 0.8]]
    assert comparison.values("silhouette", "pre_mlp").tolist() == pytest.approx(np.array([[0.3, 0.4, 0.5]]))
    assert comparison.wins("silhouette", "neuron").tolist() == [[0, 0, 1]]
    tied = comparison_of(np.zeros((2, 3, 3)), intra=[np.diag([1, 1, 2.0])] * 2, inter=np.ones((2, 3, 3)))
    assert tied.wins("ratio", EACH).tolist() == [[0.5, 0.5, 0]] * 2
    unknown = comparison_of(np.zeros((1, 3, 3)), intra=np.full((1, 3, 3), np.nan))
    assert all(len(unknown.wins("ratio", by)) == 0 for by in BY)


def test_comparison_of_one_layer(tiny_atlas):
    comparison = Atlas.open(tiny_atlas).comparison
    assert comparison.of_layer(2).neuron.tolist() == [0]
    assert len(comparison.of_layer(1)) == 0


def test_atlas_without_the_table(copy):
    files = {name: entry for name, entry in manifest_of(copy)["files"].items() if name != "spaces.parquet"}
    (copy / "spaces.parquet").unlink()
    set_manifest(copy, compared=False, files=files)
    assert Atlas.open(copy).comparison is None
    assert list(verify(copy)) == []


def cells(value: float) -> pa.Array:
    return pa.array([[value] * CELLS] * 4, pa.list_(pa.float32(), CELLS))


def shortened(root) -> None:
    pq.write_table(pq.read_table(root / "spaces.parquet")[:3], root / "spaces.parquet")
    seal(root)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda root: change_table(root, "spaces.parquet", silhouette=cells(2.0)), "out of range"),
        (lambda root: change_table(root, "spaces.parquet", silhouette=cells(np.nan)), "out of range"),
        (lambda root: change_table(root, "spaces.parquet", intra=cells(-1.0)), "out of range"),
        (lambda root: change_table(root, "spaces.parquet", inter=cells(np.inf)), "out of range"),
        (lambda root: change_table(root, "spaces.parquet", neuron=pa.array([0, 1, 5, 0], pa.int32())), "not list"),
        (lambda root: change_table(root, "spaces.parquet", intra=None), "no column 'intra'"),
        (shortened, "does not list the neurons that can be compared"),
        (lambda root: set_manifest(root, compared="yes"), "compared must be"),
    ],
)  # fmt: skip
def test_invalid_table_is_refused(damage, message, copy):
    damage(copy)
    problems = list(verify(copy))
    assert problems
    assert message in problems[0]
    assert json.dumps(problems)


def test_distances_within_clusters_of_one_are_nan(copy):
    change_table(copy, "spaces.parquet", intra=cells(np.nan))
    comparison = Atlas.open(copy).comparison
    assert np.isnan(comparison.ratio).all()
    change_table(copy, "spaces.parquet", inter=cells(np.nan))
    with pytest.raises(AtlasError):
        Atlas.open(copy)
