"""The table that compares spaces: made as it is described, read as it was written, refused where it cannot be."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.schema import CELLS
from ne_core.atlas.verify import verify
from ne_core.errors import AtlasError
from ne_core.method.cluster import cut_into, similarities
from ne_core.method.comparison import BY, COMPARED, EACH, LEAST, MOST, Comparison, comparable
from ne_core.method.linkage import light_tree
from ne_core.method.separation import separation
from ne_core.refs import NeuronRef
from precompute.steps.features import CHUNK
from precompute.steps.spaces import SpacesJob, spaces_asked, spaces_from, spaces_of, work_spaces
from tests.support.hostile import change_table, copied, manifest_of, seal, set_manifest
from tests.support.planted import embedders, planted_layers, planted_statistics


@pytest.fixture
def copy(tiny_atlas, tmp_path):
    return copied(tiny_atlas, tmp_path / "atlas")


def test_neurons_that_can_be_compared_are_in_it(tiny_atlas):
    found = Atlas.open(tiny_atlas).comparison
    assert list(zip(found.layer.tolist(), found.neuron.tolist(), strict=True)) == [(0, 0), (0, 2), (0, 5), (2, 0)]
    counts = comparable(np.array([LEAST - 1, LEAST, MOST, MOST + 1, LEAST]), np.array([2, 2, 2, 2, 1]))
    assert counts.tolist() == [False, True, True, False, False]


def test_every_number_is_what_the_atlas_gives_when_it_is_asked(tiny_atlas):
    """Inputs and weights lie in the atlas in half precision."""
    atlas = Atlas.open(tiny_atlas)
    found = atlas.comparison
    for at in range(len(found)):
        ref = NeuronRef(int(found.layer[at]), int(found.neuron[at]))
        x, w = atlas.neuron_inputs(ref).astype(np.float32), atlas.weights(ref.layer).W_in[:, ref.neuron]
        cosines = [similarities(atlas.embedder(ref.layer)(space, x, w.astype(np.float32))) for space in COMPARED]
        neuron = atlas.neuron(ref)
        k = int(neuron.feature.max()) + 1
        clusters = [neuron.feature.astype(np.int64), *(cut_into(light_tree(each), k) for each in cosines[1:])]
        for i, own in enumerate(clusters):
            for j, among in enumerate(cosines):
                told, cell = separation(among, own), (at, i, j)
                made = (found.silhouette[cell], found.intra[cell], found.inter[cell], found.ratio[cell])
                assert made == pytest.approx(
                    (told.silhouette, told.intra, told.inter, told.ratio), abs=2e-3, nan_ok=True
                )


def test_planted_meanings_are_apart_in_x_and_in_the_reference(tiny_atlas):
    found = Atlas.open(tiny_atlas).comparison
    assert (found.values("silhouette", EACH)[:, :2] > 0.9).all()
    assert (found.values("ratio", "neuron")[:, :2] < 0.1).all()


def test_units_do_not_change_it():
    rng = np.random.default_rng(0)
    _, layers = planted_layers(rng)
    of = embedders({found.rows.layer: planted_statistics(rng, found.rows) for found in layers})
    whole = spaces_of(layers, of)
    parts = [work_spaces(SpacesJob("neuron"), spaces_asked(each, 0, of[each.rows.layer])) for each in layers]
    assert all(len(each.rows.maxima) <= CHUNK for each in layers)
    for name, column in spaces_from(layers, parts).items():
        assert np.array_equal(column, whole[name], equal_nan=True)
    other = spaces_of(layers, of, "conditional")
    assert other["silhouette"].shape == (4, CELLS)


def made(silhouette, intra=None, inter=None) -> Comparison:
    silhouette = np.asarray(silhouette, dtype=float)
    n = len(silhouette)
    some = [np.full((n, 3, 3), 0.5) if each is None else np.asarray(each, dtype=float) for each in (intra, inter)]
    return Comparison(np.zeros(n, np.int16), np.arange(n, dtype=np.int32), silhouette, *some)


def test_whose_clusters_are_measured_and_who_wins():
    one = np.arange(9.0).reshape(1, 3, 3) / 10
    found = made(one)
    assert found.values("silhouette", EACH).tolist() == [[0, 0.4, 0.8]]
    assert found.values("silhouette", "pre_mlp").tolist() == pytest.approx(np.array([[0.3, 0.4, 0.5]]))
    assert found.wins("silhouette", "neuron").tolist() == [[0, 0, 1]]
    tied = made(np.zeros((2, 3, 3)), intra=[np.diag([1, 1, 2.0])] * 2, inter=np.ones((2, 3, 3)))
    assert tied.wins("ratio", EACH).tolist() == [[0.5, 0.5, 0]] * 2
    unknown = made(np.zeros((1, 3, 3)), intra=np.full((1, 3, 3), np.nan))
    assert all(len(unknown.wins("ratio", by)) == 0 for by in BY)


def test_of_one_layer(tiny_atlas):
    found = Atlas.open(tiny_atlas).comparison
    assert found.of_layer(2).neuron.tolist() == [0]
    assert len(found.of_layer(1)) == 0


def test_an_atlas_may_be_without_it(copy):
    files = {name: told for name, told in manifest_of(copy)["files"].items() if name != "spaces.parquet"}
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
    ("damage", "said"),
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
def test_what_cannot_be_is_refused(damage, said, copy):
    damage(copy)
    problems = list(verify(copy))
    assert problems
    assert said in problems[0]
    assert json.dumps(problems)


def test_distances_within_clusters_of_one_are_not_known(copy):
    change_table(copy, "spaces.parquet", intra=cells(np.nan))
    found = Atlas.open(copy).comparison
    assert np.isnan(found.ratio).all()
    change_table(copy, "spaces.parquet", inter=cells(np.nan))
    with pytest.raises(AtlasError):
        Atlas.open(copy)
