"""DiskSpace on the disk for a build: refused where it cannot be enough, a warning where it may not be."""

import logging
import shutil
from types import SimpleNamespace

import pytest

from precompute.config import ConfigError, RunConfig
from precompute.disk_space import DiskSpace, check_disk_space, disk_space_needed
from tests.precompute.run.test_build_errors import command, texts
from tests.support.fake_source import DriftingSource
from tests.support.tiny_models import tiny_checkpoint

MB = 10**6


@pytest.fixture
def free(monkeypatch):
    def have(n_bytes: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=n_bytes))

    return have


def test_too_little_for_certain_is_refused_with_figures(tmp_path, free):
    free(3 * MB)
    with pytest.raises(ConfigError, match=rf"{tmp_path} has 3.0 MB free, the atlas takes at least 5.0 MB"):
        check_disk_space(tmp_path / "not" / "there" / "yet", DiskSpace(5 * MB, 9 * MB))


@pytest.mark.parametrize(("n_bytes", "n_lines"), [(5 * MB, 1), (9 * MB, 0)])
def test_what_may_be_too_little_is_a_warning(tmp_path, free, caplog, n_bytes, n_lines):
    free(n_bytes)
    with caplog.at_level(logging.WARNING):
        check_disk_space(tmp_path / "atlas", DiskSpace(5 * MB, 9 * MB))
    assert [record.getMessage().endswith("may take up to 9.0 MB there") for record in caplog.records] == [
        True
    ] * n_lines


def test_an_atlas_takes_what_was_said(tmp_path, monkeypatch):
    """Its arrays of layers: at least what is certain, at most the bound."""
    from precompute import prepare
    from precompute.__main__ import main

    rooms = []
    monkeypatch.setattr(prepare, "check_disk_space", lambda out, room: rooms.append(room))
    tiny_checkpoint("gpt2", tmp_path / "model")
    (tmp_path / "corpus.txt").write_text("\n\n".join(texts()))
    assert main(command(tmp_path, tmp_path / "atlas")) == 0
    size = sum(path.stat().st_size for path in (tmp_path / "atlas").glob("layers/*/*.npy"))
    size += sum(path.stat().st_size for path in (tmp_path / "atlas").glob("inputs/*.npy"))
    (room,) = rooms
    assert 0 < room.least < size < room.most


def test_more_examples_and_inputs_take_more_room():
    source = DriftingSource()
    few, many, without = (
        disk_space_needed(RunConfig(examples=n, context=8, inputs=inputs), source, 1)
        for n, inputs in ((5, True), (50, True), (5, False))
    )
    assert few.least == many.least == without.least
    assert without.most < few.most < many.most
