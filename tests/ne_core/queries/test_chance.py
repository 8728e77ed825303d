"""Comparison of neurons with random directions, read from an atlas; and atlases with numbers out of range."""

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
from ne_core.queries.chance import against_chance, below, below_random, has_comparison
from ne_core.queries.ranking import Filter, ranking
from ne_core.refs import NeuronRef
from tests.support.planted import EQUAL_N, LAYERS


@pytest.fixture(scope="module")
def atlas(compared_atlas) -> Atlas:
    return Atlas.open(compared_atlas)


def test_atlas_with_random_directions_is_valid(atlas):
    assert list(verify(atlas.root)) == []
    assert atlas.manifest.rarefied == EqualN(examples=EQUAL_N, sets=200, orders=10, directions=40)


def test_below_counts_ties_half():
    random = np.array([1, 2, 2, np.nan, 4], dtype=np.float32)
    assert below(np.array([0, 1, 2, 3, 5, np.nan]), random)[:5].tolist() == [0, 0.125, 0.5, 0.75, 1]
    assert np.isnan(below(np.array([np.nan]), random)).all()
    assert np.isnan(below(np.array([1.0]), np.full(3, np.nan))).all()


def test_planted_neurons_of_one_meaning_are_below_every_random_direction(atlas):
    for layer, neurons in LAYERS.items():
        for number, meanings in enumerate(neurons):
            result = against_chance(atlas, NeuronRef(layer, number))
            if sum(meaning.size for meaning in meanings) < EQUAL_N:
                assert result is None
                assert not has_comparison(atlas, NeuronRef(layer, number))
            elif len(meanings) == 1:
                assert result.features.measured.value == 1
                assert result.features.random.low > 2
                assert result.distance.measured.value < result.distance.random.low


def test_comparison_matches_the_atlas(atlas):
    result, row = against_chance(atlas, NeuronRef(0, 2)), 2
    random = atlas.files[0].random["random_features"]
    assert result.features.measured.value == atlas.neurons["rarefied_features"][row]
    assert result.features.random.value == pytest.approx(random.mean())
    assert (result.features.random.low, result.features.random.high) == pytest.approx(np.quantile(random, [0.25, 0.75]))
    assert result.distance.permuted.value == atlas.neurons["permuted_distance"][row]
    assert (result.n, result.n_sets, result.features.n_random) == (EQUAL_N, 200, 40)


def test_below_random_matches_each_neuron(atlas):
    shares = below_random(atlas, "rarefied_features", "random_features")
    for row, (layer, neuron) in enumerate(zip(atlas.neurons["layer"], atlas.neurons["neuron"], strict=True)):
        value, random = atlas.neurons["rarefied_features"][row], atlas.files[int(layer)].random["random_features"]
        expected = np.mean(random < value) + np.mean(random == value) / 2
        known = has_comparison(atlas, NeuronRef(int(layer), int(neuron)))
        assert shares[row] == pytest.approx(expected) if known else np.isnan(shares[row])


def test_ranking_uses_equal_numbers_of_examples(atlas, tiny_atlas):
    compared = ranking(atlas)
    assert compared.columns["features"] is atlas.neurons["rarefied_features"]
    fewer = compared.rows(Filter(ranges=(("features", None, 1.0),)), "features", False)
    names = [(int(compared.columns["layer"][row]), int(compared.columns["neuron"][row])) for row in fewer]
    assert names[:3] == [(0, 1), (2, 2), (2, 4)]
    assert (0, 2) not in names
    plain = ranking(Atlas.open(tiny_atlas))
    assert plain.columns["features"] is plain.columns["n_features"]


def test_frames_have_the_equal_n_columns(atlas):
    frame = neurons_frame(atlas)
    assert frame["rarefied_features"][1] == 1
    assert frame["rarefied_features"].isna().sum() == 3


def changed(root: Path, out: Path, change) -> Path:
    """Copy an atlas, apply `change` to its files, and update the manifest's sizes and checksums."""
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
        (column("rarefied_features", 0, np.nan), "neurons.parquet"),  # it has enough examples
        (column("rarefied_features", 3, 1), "neurons.parquet"),  # it has too few examples
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
def test_numbers_out_of_range_are_rejected(change, file, compared_atlas, tmp_path):
    with pytest.raises(AtlasError, match=rf"{file} holds .* out of range: build the atlas again"):
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
def test_wrong_manifest_facts_are_rejected_in_one_line(facts, compared_atlas, tmp_path):
    copy = Path(shutil.copytree(compared_atlas, tmp_path / "changed"))
    raw = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(raw | {"rarefied": facts}))
    with pytest.raises(AtlasError) as error:
        Atlas.open(copy)
    assert "\n" not in str(error.value)
    assert "build the atlas again" in str(error.value) or "random_features.npy" in str(error.value)


def test_missing_arrays_are_rejected_in_one_line(tiny_atlas, tmp_path):
    copy = Path(shutil.copytree(tiny_atlas, tmp_path / "claims"))
    raw = json.loads((copy / "manifest.json").read_text())
    facts = {"examples": 7, "sets": 200, "orders": 10, "directions": 40}
    (copy / "manifest.json").write_text(json.dumps(raw | {"rarefied": facts}))
    with pytest.raises(AtlasError, match=r"does not list layers/00/random_features.npy"):
        Atlas.open(copy)
