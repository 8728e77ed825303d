"""Writing of an atlas: complete or not at all; the earlier atlas stays until the new one is complete."""

import errno
import json
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.manifest import Manifest
from ne_core.atlas.read_manifest import read_manifest
from ne_core.atlas.schema import IMAGES, Array, Column
from ne_core.atlas.typed_json import declared
from ne_core.errors import AtlasError
from ne_core.half import LARGEST
from ne_core.sharing.atomic_write import WriteError, check_target, new_atlas
from precompute.write import arrays
from precompute.write.arrays import save, write_inputs, write_layer
from precompute.write.atlas import write_manifest
from precompute.write.tables import write_table
from tests.support import planted
from tests.support.planted import make_atlas, planted_layers, planted_statistics


@pytest.fixture(scope="module")
def first_layer():
    return planted_layers(np.random.default_rng(0))[1][0]


@pytest.fixture(scope="module")
def statistics(first_layer):
    return planted_statistics(np.random.default_rng(0), first_layer.rows)


def importances(layer) -> np.ndarray:
    return np.zeros((layer.rows.n_rows, 1, 8), dtype=np.float32)


def files(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def test_second_atlas_has_the_same_bytes(tiny_atlas, tmp_path):
    again = make_atlas(tmp_path / "again")
    assert files(again) == files(tiny_atlas)


def test_manifest_has_every_field_and_file(tiny_atlas):
    raw = json.loads((tiny_atlas / "manifest.json").read_text())
    # density is counted by a command, not by a build; this atlas has no other trees and keeps near duplicates
    assert set(raw) == set(declared(Manifest)) - {"density", "other_trees", "near_duplicates"}
    assert set(raw["files"]) == set(files(tiny_atlas)) - {"manifest.json"}
    assert str(tiny_atlas.parent) not in (tiny_atlas / "manifest.json").read_text()


def test_stored_numbers_match(tiny_atlas):
    texts, layers = planted_layers(np.random.default_rng(0))
    atlas = Atlas.open(tiny_atlas)
    np.testing.assert_array_equal(atlas.tokens, texts.tokens)
    assert atlas.vocab == texts.vocab
    for layer in layers:
        columns, rows = atlas.files[layer.rows.layer].columns, layer.rows
        np.testing.assert_array_equal(columns["example"], rows.example)
        np.testing.assert_array_equal(columns["trees"], layer.features.trees)
        np.testing.assert_allclose(columns["activation"], rows.activation, rtol=1e-3)
        np.testing.assert_array_equal(np.isnan(columns["window_activations"]), np.isnan(rows.window_activations))
        np.testing.assert_allclose(columns["W_in"], rows.weights.W_in, rtol=1e-3)
        np.testing.assert_array_equal(atlas.files[rows.layer].inputs.x, rows.x)


def test_atlas_is_replaced_only_by_a_complete_one(tmp_path):
    out = make_atlas(tmp_path / "atlas")
    before = files(out)

    def interrupted(folder: Path) -> None:
        (folder / "tokens.npy").write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), new_atlas(out) as folder:
        interrupted(folder)
    assert files(out) == before
    assert [p.name for p in tmp_path.iterdir()] == ["atlas"]
    (out / "manifest.json").write_text("{}")
    make_atlas(out)
    assert files(out) == before
    assert [p.name for p in tmp_path.iterdir()] == ["atlas"]


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("precompute.write.arrays.blocks", OSError(errno.ENOSPC, "No space left on device")),
        ("precompute.write.atlas.write_search", sqlite3.OperationalError("database or disk is full")),
    ],
)
def test_full_disk_is_one_line_and_keeps_the_old_atlas(tmp_path, monkeypatch, target: str, error: Exception):
    out = make_atlas(tmp_path / "atlas")
    before = files(out)

    def full(*_):
        raise error

    monkeypatch.setattr(target, full)
    with pytest.raises(WriteError, match=r"atlas cannot be written: .*(space|full)"):
        make_atlas(out)
    assert files(out) == before
    assert [p.name for p in tmp_path.iterdir()] == ["atlas"]


def test_leftovers_of_a_killed_run_are_deleted(tmp_path):
    (tmp_path / ".atlas.writing").mkdir()
    (tmp_path / ".atlas.writing" / "junk").write_text("junk")
    make_atlas(tmp_path / "atlas")
    assert [p.name for p in tmp_path.iterdir()] == ["atlas"]


def test_atlas_under_its_temporary_name_is_restored(tmp_path):
    out = make_atlas(tmp_path / "atlas")
    before = files(out)
    out.rename(tmp_path / ".atlas.old")
    with pytest.raises(RuntimeError), new_atlas(out):
        raise RuntimeError
    assert files(out) == before


def test_output_without_a_manifest_is_discarded(tmp_path):
    with pytest.raises(WriteError, match="without a manifest"), new_atlas(tmp_path / "atlas"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(WriteError, match="holds files and is not an atlas"):
        make_atlas(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "precious"


def test_output_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError, match="is not a directory"):
        check_target(tmp_path / "file")


def test_output_in_an_empty_folder(tmp_path):
    assert Atlas.open(make_atlas(tmp_path)).manifest.name == "planted"


def test_unwritable_output_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError, match="cannot be written") as error:
        make_atlas(tmp_path / "file" / "atlas")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_activations_that_are_not_finite_are_refused(tmp_path, first_layer, statistics, bad: float):
    activation = first_layer.rows.activation.copy()
    activation[3] = bad
    rows = replace(first_layer.rows, activation=activation)
    with pytest.raises(WriteError, match=r"layers/00/activation.npy: .* out of range for float16"):
        write_layer(tmp_path, rows, first_layer.features, statistics, importances(first_layer))


def test_activations_beyond_float16_are_clipped_and_counted(tmp_path, first_layer, statistics):
    """Clip infinite values around a key token, too, which collection does not check."""
    activation, windows = (getattr(first_layer.rows, name).copy() for name in ("activation", "window_activations"))
    assert np.isnan(windows).any()
    activation[3], windows[0, 0], windows[1, 0] = 1e5, -np.inf, np.inf
    rows = replace(first_layer.rows, activation=activation, window_activations=windows)
    ends = write_layer(tmp_path, rows, first_layer.features, statistics, importances(first_layer))
    assert ends == {"layers/00/activation.npy": 1, "layers/00/window_activations.npy": 2}
    assert np.load(tmp_path / "layers/00/activation.npy")[3] == LARGEST
    assert np.load(tmp_path / "layers/00/window_activations.npy")[:2, 0].tolist() == [-LARGEST, LARGEST]


@pytest.mark.parametrize(("dtype", "smallest"), [(np.float32, -1e9), (np.float16, -np.inf)])
def test_importances_beyond_float16_are_clipped(tmp_path, first_layer, statistics, dtype, smallest: float):
    values = importances(first_layer).astype(dtype)
    values[0, 0, 0], values[1, 0, 0] = smallest, np.nan
    ends = write_layer(tmp_path, first_layer.rows, first_layer.features, statistics, values)
    assert ends == {"layers/00/window_importances.npy": 1}
    stored = np.load(tmp_path / "layers/00/window_importances.npy")
    assert stored[0, 0, 0] == np.finfo(np.float16).min
    assert np.isnan(stored[1, 0, 0])


def test_integers_that_do_not_fit_are_refused(tmp_path, first_layer, statistics):
    rows = replace(first_layer.rows, pos=first_layer.rows.pos + 40_000)
    with pytest.raises(WriteError, match=r"pos.npy holds numbers that do not fit int16"):
        write_layer(tmp_path, rows, first_layer.features, statistics, importances(first_layer))


@pytest.mark.parametrize("block", [1, 7, 2**22])
@pytest.mark.parametrize("shape", [(0,), (5,), (0, 3), (23, 3), (23, 3, 2)])
def test_array_written_in_blocks_matches_numpy(tmp_path, monkeypatch, block: int, shape):
    monkeypatch.setattr(arrays, "BLOCK", block)
    values = np.random.default_rng(0).normal(size=shape)
    save(tmp_path, Array("some.npy", "float16", ("n", 3), "some"), values)
    np.save(tmp_path / "whole.npy", values.astype(np.float16))
    assert (tmp_path / "some.npy").read_bytes() == (tmp_path / "whole.npy").read_bytes()


def test_inputs_from_a_memory_map(tmp_path, first_layer):
    rows = first_layer.rows
    np.save(tmp_path / "x.npy", rows.x)
    write_inputs(tmp_path, replace(rows, x=np.load(tmp_path / "x.npy", mmap_mode="r")))
    np.testing.assert_array_equal(np.load(tmp_path / "inputs/00.npy"), rows.x)


def test_inputs_in_wrong_order_are_refused(tmp_path, first_layer):
    rows = first_layer.rows
    with pytest.raises(WriteError, match="layer 0: its inputs are not sorted by example and position"):
        write_inputs(tmp_path, replace(rows, x_row=rows.x_row[::-1]))
    with pytest.raises(WriteError, match="without duplicates"):
        write_inputs(tmp_path, replace(rows, x=np.concatenate([rows.x, rows.x[:1]])))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_inputs_that_are_not_finite_are_refused(tmp_path, first_layer, bad: float):
    x = first_layer.rows.x.astype(np.float32)
    x[2, 1] = bad
    with pytest.raises(WriteError, match=r"inputs/00.npy: .* out of range for float16"):
        write_inputs(tmp_path, replace(first_layer.rows, x=x))


def test_inputs_beyond_float16_are_clipped_and_counted(tmp_path, first_layer):
    x = first_layer.rows.x.astype(np.float32)
    x[2, 1] = -1e5
    assert write_inputs(tmp_path, replace(first_layer.rows, x=x)) == {"inputs/00.npy": 1}
    assert np.load(tmp_path / "inputs/00.npy")[2, 1] == -LARGEST


@pytest.mark.parametrize("bad", [256, -1, 0.5])
def test_pixels_that_do_not_fit_uint8_are_refused(tmp_path, bad: float):
    with pytest.raises(WriteError, match=r"images.npy holds numbers that do not fit uint8"):
        save(tmp_path, IMAGES, np.full((2, 3, 3), bad))


@pytest.mark.parametrize(("dtype", "bad"), [("int16", 40_000), ("float16", 1e5), ("float32", 1e39)])
def test_table_columns_that_do_not_fit_are_refused(tmp_path, dtype: str, bad: float):
    with pytest.raises(WriteError, match=f"column some holds numbers that do not fit {dtype}"):
        write_table(tmp_path / "some.parquet", [Column("some", dtype, "some")], {"some": np.array([1, bad])})


def test_manifest_counts_clipped_numbers(tmp_path, monkeypatch, caplog):
    def importances_with_outlier(rng, layer):
        values = planted_importances(rng, layer)
        values[0, 0, planted.WINDOW.key] = 1e6
        return values

    planted_importances = planted.planted_importances
    monkeypatch.setattr(planted, "planted_importances", importances_with_outlier)
    atlas = Atlas.open(make_atlas(tmp_path / "atlas"))
    files = {f"layers/{layer:02d}/window_importances.npy": 1 for layer in atlas.layers}
    assert atlas.manifest.clipped == files
    assert f"{len(files)} numbers at or beyond ±65,504" in caplog.text
    assert "1 in layers/00/window_importances.npy" in caplog.text


def test_atlas_without_the_count_of_clipped_numbers(tiny_atlas, tmp_path):
    atlas = shutil.copytree(tiny_atlas, tmp_path / "atlas")
    raw = json.loads((atlas / "manifest.json").read_text())
    assert raw.pop("clipped") == {}
    (atlas / "manifest.json").write_text(json.dumps(raw))
    assert Atlas.open(atlas).manifest.clipped is None
    (atlas / "manifest.json").write_text(json.dumps(raw | {"clipped": {"layers/00/activation.npy": -1}}))
    with pytest.raises(AtlasError, match="clipped must be"):
        Atlas.open(atlas)


def test_unknown_manifest_field_is_refused(tmp_path):
    with pytest.raises(TypeError, match="colour"):
        write_manifest(tmp_path, replace(read_manifest(make_atlas(tmp_path / "atlas")), colour="red"))
