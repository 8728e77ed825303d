"""Disk space of a build: an error if there is certainly too little, a warning if there may be."""

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
    def set_free(n_bytes: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=n_bytes))

    return set_free


def test_too_little_space_is_refused(tmp_path, free):
    free(3 * MB)
    with pytest.raises(ConfigError, match=rf"{tmp_path} has 3.0 MB free, the atlas takes at least 5.0 MB"):
        check_disk_space(tmp_path / "not" / "there" / "yet", DiskSpace(5 * MB, 9 * MB))


@pytest.mark.parametrize(("n_bytes", "n_lines"), [(5 * MB, 1), (9 * MB, 0)])
def test_possibly_too_little_space_is_a_warning(tmp_path, free, caplog, n_bytes, n_lines):
    free(n_bytes)
    with caplog.at_level(logging.WARNING):
        check_disk_space(tmp_path / "atlas", DiskSpace(5 * MB, 9 * MB))
    assert [record.getMessage().endswith("may take up to 9.0 MB there") for record in caplog.records] == [
        True
    ] * n_lines


def test_size_of_an_atlas_is_within_the_estimate(tmp_path, monkeypatch):
    """Compare the size of the arrays with both bounds of the estimate."""
    from precompute import prepare
    from precompute.__main__ import main

    estimates = []
    monkeypatch.setattr(prepare, "check_disk_space", lambda out, estimate: estimates.append(estimate))
    tiny_checkpoint("gpt2", tmp_path / "model")
    (tmp_path / "corpus.txt").write_text("\n\n".join(texts()))
    assert main(command(tmp_path, tmp_path / "atlas")) == 0
    size = sum(path.stat().st_size for path in (tmp_path / "atlas").glob("layers/*/*.npy"))
    size += sum(path.stat().st_size for path in (tmp_path / "atlas").glob("inputs/*.npy"))
    (estimate,) = estimates
    assert 0 < estimate.least < size < estimate.most


def test_estimate_grows_with_examples_and_inputs():
    source = DriftingSource()
    few, many, without = (
        disk_space_needed(RunConfig(examples=n, context=8, inputs=inputs), source, 1)
        for n, inputs in ((5, True), (50, True), (5, False))
    )
    assert few.least == many.least == without.least
    assert without.most < few.most < many.most
