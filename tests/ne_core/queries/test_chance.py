"""Where a neuron stands among random directions, read off an atlas; and atlases whose numbers cannot be."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.file_hash import file_sha256
from ne_core.atlas.manifest import EqualN
from ne_core.atlas.verify import verify
from ne_core.errors import AtlasError
from ne_core.export.frames import neurons_frame
from ne_core.queries.board import Filter, board
from ne_core.queries.chance import against_chance, below, below_random, known
from ne_core.refs import NeuronRef
from tests.support.planted import EQUAL_N, LAYERS


@pytest.fixture(scope="module")
def atlas(compared_atlas) -> Atlas:
    return Atlas.open(compared_atlas)


def test_an_atlas_with_random_directions_is_whole(atlas):
    assert list(verify(atlas.root)) == []
    assert atlas.manifest.rarefied == EqualN(examples=EQUAL_N, sets=200, orders=10, directions=40)


def test_below_counts_equal_ones_half():
    random = np.array([1, 2, 2, np.nan, 4], dtype=np.float32)
    assert below(np.array([0, 1, 2, 3, 5, np.nan]), random)[:5].tolist() == [0, 0.125, 0.5, 0.75, 1]
    assert np.isnan(below(np.array([np.nan]), random)).all()
    assert np.isnan(below(np.array([1.0]), np.full(3, np.nan))).all()


def test_planted_neurons_of_one_meaning_lie_below_every_random_direction(atlas):
    for layer, neurons in LAYERS.items():
        for number, meanings in enumerate(neurons):
            found = against_chance(atlas, NeuronRef(layer, number))
            if sum(meaning.size for meaning in meanings) < EQUAL_N:
                assert found is None
                assert not known(atlas, NeuronRef(layer, number))
            elif len(meanings) == 1:
                assert (found.features.own.value, found.features.below, found.distance.below) == (1, 0, 0)
                assert found.features.random.low > 2


def test_what_is_told_is_what_the_atlas_holds(atlas):
    found, row = against_chance(atlas, NeuronRef(0, 2)), 2
    random = atlas.files[0].random["random_features"]
    assert found.features.own.value == atlas.neurons["rarefied_features"][row]
    assert found.features.random.value == pytest.approx(random.mean())
    assert (found.features.random.low, found.features.random.high) == pytest.approx(np.quantile(random, [0.025, 0.975]))
    assert found.features.below == np.mean(random < found.features.own.value)
    assert found.distance.permuted.value == atlas.neurons["permuted_distance"][row]
    assert (found.n, found.n_sets, found.features.n_random) == (EQUAL_N, 200, 40)


def test_all_neurons_at_once_are_each_of_them(atlas):
    shares = below_random(atlas, "rarefied_features", "random_features")
    for row, (layer, neuron) in enumerate(zip(atlas.neurons["layer"], atlas.neurons["neuron"], strict=True)):
        found = against_chance(atlas, NeuronRef(int(layer), int(neuron)))
        assert np.isnan(shares[row]) if found is None else shares[row] == found.features.below


def test_the_board_ranks_by_equal_numbers_of_examples(atlas, tiny_atlas):
    made = board(atlas)
    assert made.columns["features"] is atlas.neurons["rarefied_features"]
    fewer = made.rows(Filter(ranges=(("random", None, 5.0),)), "features", False)
    names = [(int(made.columns["layer"][row]), int(made.columns["neuron"][row])) for row in fewer]
    assert names[:3] == [(0, 1), (2, 2), (2, 4)]
    assert (0, 2) not in names
    plain = board(Atlas.open(tiny_atlas))
    assert plain.columns["features"] is plain.columns["n_features"]
    assert plain.ends("random") is None


def test_tables_have_the_columns(atlas):
    frame = neurons_frame(atlas)
    assert frame["rarefied_features"][1] == 1
    assert frame["rarefied_features"].isna().sum() == 3


def changed(root: Path, out: Path, change) -> Path:
    """A copy whose table or arrays `change` has changed, as whole as they come."""
    copy = Path(shutil.copytree(root, out))
    change(copy)
    raw = json.loads((copy / "manifest.json").read_text())
    for name in raw["files"]:
        raw["files"][name] = {"sha256": file_sha256(copy / name), "size": (copy / name).stat().st_size}
    (copy / "manifest.json").write_text(json.dumps(raw))
    return copy


def column(name: str, row: int, value: float):
    def change(root: Path) -> None:
        path = root / "neurons.parquet"
        table = pq.read_table(path)
        values = table[name].to_numpy().copy()
        values[row] = value
        pq.write_table(table.set_column(table.column_names.index(name), name, pa.array(values)), path)

    return change


def array(name: str, value: float):
    def change(root: Path) -> None:
        path = root / "layers" / "00" / name
        values = np.load(path)
        values[3] = value
        np.save(path, values)

    return change


@pytest.mark.parametrize(
    ("change", "file"),
    [
        (column("rarefied_features", 0, 99), "neurons.parquet"),
        (column("rarefied_features", 0, 0.5), "neurons.parquet"),
        (column("rarefied_features", 0, np.inf), "neurons.parquet"),
        (column("rarefied_features", 0, np.nan), "neurons.parquet"),  # it has examples enough
        (column("rarefied_features", 3, 1), "neurons.parquet"),  # it has not
        (column("rarefied_low", 0, 1.99), "neurons.parquet"),
        (column("rarefied_high", 0, 1.1), "neurons.parquet"),
        (column("permuted_features", 0, -1), "neurons.parquet"),
        (column("permuted_low", 0, np.inf), "neurons.parquet"),
        (column("permuted_high", 0, np.nan), "neurons.parquet"),
        (column("permuted_distance", 0, 3), "neurons.parquet"),
        (column("distance_low", 0, -np.inf), "neurons.parquet"),
        (column("distance_high", 0, 0.1), "neurons.parquet"),
        (array("random_features.npy", np.inf), "random_features.npy"),
        (array("random_features.npy", 0), "random_features.npy"),
        (array("random_features.npy", np.nan), "random_features.npy"),  # whose distance is known
        (array("random_distance.npy", 7), "random_features.npy"),
    ],
)
def test_numbers_that_cannot_be_are_one_line(change, file, compared_atlas, tmp_path):
    with pytest.raises(AtlasError, match=rf"{file} holds .* that cannot be: build the atlas again"):
        Atlas.open(changed(compared_atlas, tmp_path / "changed", change))


@pytest.mark.parametrize(
    "facts",
    [
        {},
        [],
        0,
        "20",
        {"examples": 7},
        {"examples": 1, "sets": 200, "orders": 10, "directions": 40},
        {"examples": 7.0, "sets": 200, "orders": 10, "directions": 40},
        {"examples": 7, "sets": True, "orders": 10, "directions": 40},
        {"examples": 7, "sets": 200, "orders": 10, "directions": 10**9},
        {"examples": 8, "sets": 200, "orders": 10, "directions": 40},
        {"examples": 7, "sets": 200, "orders": 10, "directions": 41},
    ],
)
def test_facts_that_do_not_fit_are_one_line(facts, compared_atlas, tmp_path):
    copy = Path(shutil.copytree(compared_atlas, tmp_path / "changed"))
    raw = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(raw | {"rarefied": facts}))
    with pytest.raises(AtlasError) as error:
        Atlas.open(copy)
    assert "\n" not in str(error.value)
    assert "build the atlas again" in str(error.value) or "random_features.npy" in str(error.value)


def test_an_atlas_that_claims_what_it_lacks_is_one_line(tiny_atlas, tmp_path):
    copy = Path(shutil.copytree(tiny_atlas, tmp_path / "claims"))
    raw = json.loads((copy / "manifest.json").read_text())
    facts = {"examples": 7, "sets": 200, "orders": 10, "directions": 40}
    (copy / "manifest.json").write_text(json.dumps(raw | {"rarefied": facts}))
    with pytest.raises(AtlasError, match=r"does not list layers/00/random_features.npy"):
        Atlas.open(copy)
