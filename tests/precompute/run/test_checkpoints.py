"""A unit is there whole or not at all; a run folder belongs to one process and one set of settings."""

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
def kept(tmp_path: Path) -> Checkpoints:
    return Checkpoints(tmp_path / "stage")


def test_nothing_is_done_at_first(kept):
    assert kept.done() == set()


def test_what_was_saved_comes_back(kept):
    kept.save(7, ARRAYS)
    assert kept.done() == {7}
    back = kept.load(7)
    assert set(back) == set(ARRAYS)
    for name, values in ARRAYS.items():
        np.testing.assert_array_equal(back[name], values, strict=True)


def test_objects_are_not_kept(kept):
    with pytest.raises(ValueError, match="allow_pickle"):
        kept.save(0, {"object": np.array([{}], dtype=object)})
    assert kept.done() == set()


def test_half_a_file_is_not_a_unit(kept, caplog):
    kept.save(1, ARRAYS)
    kept.save(2, ARRAYS)
    whole = kept.path(2).read_bytes()
    kept.path(2).write_bytes(whole[: len(whole) // 2])
    kept.path(3).with_suffix(".part").write_bytes(b"killed while writing")
    assert kept.done() == {1}
    assert "damaged" in caplog.text
    assert [path.name for path in kept.folder.iterdir()] == ["000001.npz"]


def test_a_flipped_byte_is_told_when_it_is_read(kept):
    kept.save(4, {"x": np.zeros(1000)})
    raw = bytearray(kept.path(4).read_bytes())
    raw[600] ^= 1
    kept.path(4).write_bytes(raw)
    with pytest.raises(CheckpointError, match="damaged"):
        kept.load(4)["x"]


def test_no_flipped_bit_goes_unnoticed(kept):
    """Whichever it is: the arrays are the same, or a line says that the file is damaged."""
    kept.save(4, ARRAYS)
    good, found = kept.path(4).read_bytes(), 0
    for at in range(len(good)):
        for bit in (0, 5):
            kept.path(4).write_bytes(good[:at] + bytes([good[at] ^ 1 << bit]) + good[at + 1 :])
            try:
                back = {name: kept.load(4)[name] for name in ARRAYS}
            except CheckpointError as error:
                found += "is damaged: delete it" in str(error)
                continue
            for name, values in ARRAYS.items():
                np.testing.assert_array_equal(back[name], values, strict=True)
    assert found > len(good)


def test_a_mapped_array_has_its_room_on_disk(tmp_path):
    """One that found the disk full when it is written to would kill the process."""
    path = tmp_path / "x.npy"
    new_array(path, np.float16, (1000, 64))[3] = 5
    assert path.stat().st_blocks * 512 >= path.stat().st_size > 128_000
    assert np.load(path)[3].tolist() == [5] * 64


def save_much(folder: Path) -> None:
    """In a child: no file may grow beyond a few kilobytes, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    try:
        Checkpoints(folder).save(1, {"x": np.zeros(10_000)})
    except CheckpointError as error:
        os._exit(
            42
            if "No space" not in str(error) and "mend that" in str(error) and len(str(error).splitlines()) == 1
            else 1
        )


def test_a_full_disk_is_one_line_and_costs_no_unit(kept):
    kept.save(0, ARRAYS)
    child = multiprocessing.get_context("spawn").Process(target=save_much, args=(kept.folder,))
    child.start()
    child.join()
    assert child.exitcode == 42
    assert kept.done() == {0}


def test_settings_may_change_until_a_unit_is_done(tmp_path):
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


def refused(out: Path) -> None:
    with run_folder(out) as run:
        run.record_settings({"examples": 5})
        raise ConfigError("no such thing")


def test_a_run_that_did_nothing_leaves_nothing(tmp_path):
    with pytest.raises(ConfigError, match="no such"):
        refused(tmp_path / "atlas")
    assert list(tmp_path.iterdir()) == []


def test_units_of_unknown_settings_are_forgotten(tmp_path):
    """A finished run that was killed while its folder was removed may have left units without them."""
    out = tmp_path / "atlas"
    with run_folder(out) as run:
        run.record_settings({"examples": 5})
        run.stage("collect").save(0, ARRAYS)
    (run_path(out) / "run.json").unlink()
    with run_folder(out) as run:
        run.record_settings({"examples": 6})
        assert run.stage("collect").done() == set()


def test_what_a_killed_run_left_beside_the_atlas(tmp_path):
    """The old atlas comes back at once, and half of a new one takes no room."""
    for name in (".atlas.old", ".atlas.writing"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(name)
    with run_folder(tmp_path / "atlas"):
        assert (tmp_path / "atlas/manifest.json").read_text() == ".atlas.old"
        assert not (tmp_path / ".atlas.writing").exists()


def test_a_note_that_is_none_is_passed_over(tmp_path):
    with run_folder(tmp_path / "atlas") as run:
        for note in ("", "{", "[]", "7", '{"stage": "collect"}', '{"number": 1, "n_stages": 7, "stage": "rows"}'):
            (run.path / "status.json").write_text(note)
            assert status(tmp_path / "atlas").endswith("running, starting")


def test_a_second_run_is_refused(tmp_path):
    with run_folder(tmp_path / "atlas"):
        assert is_locked(run_path(tmp_path / "atlas"))
        with pytest.raises(ConfigError, match="another run"), run_folder(tmp_path / "atlas"):
            pass
        assert status(tmp_path / "atlas").startswith(f"{tmp_path / 'atlas'}: running, starting")
    assert not is_locked(run_path(tmp_path / "atlas"))


def test_status_of_nothing(tmp_path):
    with pytest.raises(ConfigError, match="neither a run nor an atlas"):
        status(tmp_path / "atlas")
