"""Checkpoints are complete or absent; a run folder belongs to one process and one set of settings."""

import multiprocessing
import os
import resource
import signal
from pathlib import Path

import numpy as np
import pytest

from precompute.config import ConfigError
from precompute.run.checkpoints import CheckpointError, Checkpoints, new_array
from precompute.run.run_folder import is_locked, run_folder, run_path
from precompute.run.status import status

ARRAYS = {"3/x": np.arange(6, dtype=np.float16).reshape(2, 3), "nothing": np.zeros(0, dtype=np.int32)}


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    return Checkpoints(tmp_path / "stage")


def test_no_unit_is_done_at_first(checkpoints):
    assert checkpoints.done() == set()


def test_saved_unit_is_loaded(checkpoints):
    checkpoints.save(7, ARRAYS)
    assert checkpoints.done() == {7}
    back = checkpoints.load(7)
    assert set(back) == set(ARRAYS)
    for name, values in ARRAYS.items():
        np.testing.assert_array_equal(back[name], values, strict=True)


def test_object_arrays_are_refused(checkpoints):
    with pytest.raises(ValueError, match="allow_pickle"):
        checkpoints.save(0, {"object": np.array([{}], dtype=object)})
    assert checkpoints.done() == set()


def test_incomplete_files_are_deleted(checkpoints, caplog):
    checkpoints.save(1, ARRAYS)
    checkpoints.save(2, ARRAYS)
    whole = checkpoints.path(2).read_bytes()
    checkpoints.path(2).write_bytes(whole[: len(whole) // 2])
    checkpoints.path(3).with_suffix(".part").write_bytes(b"killed while writing")
    assert checkpoints.done() == {1}
    assert "damaged" in caplog.text
    assert [path.name for path in checkpoints.folder.iterdir()] == ["000001.npz"]


def test_flipped_byte_raises_when_read(checkpoints):
    checkpoints.save(4, {"x": np.zeros(1000)})
    raw = bytearray(checkpoints.path(4).read_bytes())
    raw[600] ^= 1
    checkpoints.path(4).write_bytes(raw)
    with pytest.raises(CheckpointError, match="damaged"):
        checkpoints.load(4)["x"]


def test_every_flipped_bit_is_detected_or_harmless(checkpoints):
    """Check that after any flipped bit the arrays are the same, or an error says that the file is damaged."""
    checkpoints.save(4, ARRAYS)
    good, n_damaged = checkpoints.path(4).read_bytes(), 0
    for position in range(len(good)):
        for bit in (0, 5):
            checkpoints.path(4).write_bytes(good[:position] + bytes([good[position] ^ 1 << bit]) + good[position + 1 :])
            try:
                arrays = {name: checkpoints.load(4)[name] for name in ARRAYS}
            except CheckpointError as error:
                n_damaged += "is damaged: delete it" in str(error)
                continue
            for name, values in ARRAYS.items():
                np.testing.assert_array_equal(arrays[name], values, strict=True)
    assert n_damaged > len(good)


def test_mapped_array_is_allocated_on_disk(tmp_path):
    """Check that the space is allocated: writing to a map on a full disk would kill the process."""
    path = tmp_path / "x.npy"
    new_array(path, np.float16, (1000, 64))[3] = 5
    assert path.stat().st_blocks * 512 >= path.stat().st_size > 128_000
    assert np.load(path)[3].tolist() == [5] * 64


def save_much(folder: Path) -> None:
    """Save in a child process in which no file may grow beyond a few kilobytes, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    try:
        Checkpoints(folder).save(1, {"x": np.zeros(10_000)})
    except CheckpointError as error:
        os._exit(
            42 if "No space" not in str(error) and "fix this" in str(error) and len(str(error).splitlines()) == 1 else 1
        )


def test_full_disk_is_one_line_and_keeps_units(checkpoints):
    checkpoints.save(0, ARRAYS)
    child = multiprocessing.get_context("spawn").Process(target=save_much, args=(checkpoints.folder,))
    child.start()
    child.join()
    assert child.exitcode == 42
    assert checkpoints.done() == {0}


def test_settings_may_change_until_a_unit_is_finished(tmp_path):
    for n in (5, 6):
        with run_folder(tmp_path / "atlas") as run:
            run.record_settings({"examples": n})
            run.record_settings({"model": "a"})
    with run_folder(tmp_path / "atlas") as run:
        run.record_settings({"examples": 6})
        run.record_settings({"model": "a"})
        run.stage("collect").save(0, ARRAYS)
    with run_folder(tmp_path / "atlas") as run:
        run.record_settings({"examples": 6, "more": None})
        with pytest.raises(ConfigError, match=r"examples was 6 and is 7.*--restart"):
            run.record_settings({"examples": 7})
        with pytest.raises(ConfigError, match='model was "a" and is "b"'):
            run.record_settings({"model": "b"})
    with run_folder(tmp_path / "atlas", restart=True) as run:
        run.record_settings({"examples": 7})
        assert run.stage("collect").done() == set()


def failing_run(out: Path) -> None:
    with run_folder(out) as run:
        run.record_settings({"examples": 5})
        raise ConfigError("no such thing")


def test_run_without_units_leaves_no_folder(tmp_path):
    with pytest.raises(ConfigError, match="no such"):
        failing_run(tmp_path / "atlas")
    assert list(tmp_path.iterdir()) == []


def test_units_of_unknown_settings_are_deleted(tmp_path):
    """Check units without settings, which a run leaves that is killed while it deletes its folder."""
    out = tmp_path / "atlas"
    with run_folder(out) as run:
        run.record_settings({"examples": 5})
        run.stage("collect").save(0, ARRAYS)
    (run_path(out) / "run.json").unlink()
    with run_folder(out) as run:
        run.record_settings({"examples": 6})
        assert run.stage("collect").done() == set()


def test_leftovers_of_a_killed_run_are_cleaned_up(tmp_path):
    """Check that the old atlas is restored, and an incomplete new one is deleted."""
    for name in (".atlas.old", ".atlas.writing"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(name)
    with run_folder(tmp_path / "atlas"):
        assert (tmp_path / "atlas/manifest.json").read_text() == ".atlas.old"
        assert not (tmp_path / ".atlas.writing").exists()


def test_invalid_status_file_is_ignored(tmp_path):
    with run_folder(tmp_path / "atlas") as run:
        for note in ("", "{", "[]", "7", '{"stage": "collect"}', '{"number": 1, "n_stages": 7, "stage": "rows"}'):
            (run.path / "status.json").write_text(note)
            assert status(tmp_path / "atlas").endswith("running, starting")


def test_second_run_is_refused(tmp_path):
    with run_folder(tmp_path / "atlas"):
        assert is_locked(run_path(tmp_path / "atlas"))
        with pytest.raises(ConfigError, match="another run"), run_folder(tmp_path / "atlas"):
            pass
        assert status(tmp_path / "atlas").startswith(f"{tmp_path / 'atlas'}: running, starting")
    assert not is_locked(run_path(tmp_path / "atlas"))


def test_status_without_run_and_atlas(tmp_path):
    with pytest.raises(ConfigError, match="neither a run nor an atlas"):
        status(tmp_path / "atlas")
