"""Commands other than `build` that can take long: they show progress and the time left on stderr."""

import re
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from ne_core.atlas.read_manifest import read_manifest
from precompute.__main__ import main
from precompute.demo_model import data
from tests.precompute.evaluate.test_train_demo import TINY
from tests.support.hub import WRITES, Hub

LEFT = r"[\d,]+/{total} {things}, [\d,.]+/s, .* left"


@pytest.fixture(autouse=True)
def show_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("precompute.run.progress.SHORT_S", 0)
    monkeypatch.setattr("precompute.run.progress.EVERY_PLAIN_S", 0)


def check_progress(lines: list[str], stage: str, total: int, things: str) -> None:
    """Check a stage's lines: at least one with the time left, and the last with its duration."""
    of_stage = [line.removeprefix(f"{stage}: ") for line in lines if line.startswith(f"{stage}: ")]
    *running, last = of_stage
    left = LEFT.format(total=f"{total:,}", things=things)
    assert running
    assert all(re.fullmatch(left, line) for line in running), running
    assert last.startswith(f"{total:,} {things} in ")


def test_verify_shows_progress(tiny_atlas: Path, capsys):
    assert main(["verify", str(tiny_atlas)]) == 0
    check_progress(capsys.readouterr().err.splitlines(), "[1/1] verify", read_manifest(tiny_atlas).size, "bytes")


def test_export_shows_progress(tiny_atlas: Path, tmp_path: Path, capsys):
    assert main(["export", str(tiny_atlas), "--neuron", "2.3", "--cut", "0", "--out", str(tmp_path / "x.html")]) == 0
    n_features = (tmp_path / "x.html").read_text().count("<section")
    check_progress(capsys.readouterr().err.splitlines(), "[1/1] export", n_features, "features")


def test_push_shows_progress(hub: Hub, tiny_atlas: Path, monkeypatch, capsys):
    monkeypatch.setenv("HF_TOKEN", WRITES)
    assert main(["push", str(tiny_atlas), "me/planted"]) == 0
    lines, size = capsys.readouterr().err.splitlines(), read_manifest(tiny_atlas).size
    check_progress(lines, "[1/2] verify", size, "bytes")
    check_progress(lines, "[2/2] upload", size, "bytes")


def test_push_checks_the_card_before_the_upload(hub: Hub, tiny_atlas: Path, capsys):
    assert main(["push", str(tiny_atlas), "me/planted", "--license", "mine"]) == 2
    assert not hub.large


def test_quick_commands_print_no_progress(tiny_atlas: Path, monkeypatch, capsys):
    monkeypatch.setattr("precompute.run.progress.SHORT_S", 60)
    monkeypatch.setattr("precompute.run.progress.EVERY_PLAIN_S", 60)
    assert main(["verify", str(tiny_atlas)]) == 0
    assert capsys.readouterr().err == ""


def test_train_demo_shows_progress(tmp_path: Path, monkeypatch, capsys):
    rng = np.random.default_rng(0)
    words = ["returns", "the", "value", "of", "an", "array", "when", "it", "is", "given"]
    texts = [" ".join(rng.choice(words, 30)) + "." for _ in range(200)]
    monkeypatch.setattr(data, "corpus_texts", lambda workers: (texts[:150], texts[150:], "0" * 64))
    settings = [f"--{name.replace('_', '-')}={value}" for name, value in asdict(TINY).items()]
    assert main(["train-demo", "--out", str(tmp_path / "model"), "--work", str(tmp_path / "work"), *settings]) == 0
    out, err = capsys.readouterr()
    check_progress(err.splitlines(), "[3/3] training", TINY.steps, "steps")
    assert out.count("held-out") == TINY.steps // TINY.report_every
