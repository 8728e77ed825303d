"""Builds killed in any step: the same command continues, no unit is computed twice, and the bytes are the same."""

import os
import random
import shutil
import signal
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from precompute.run.checkpoints import Checkpoints
from precompute.run.run_folder import run_path
from precompute.run.status import status
from tests.precompute.steps.test_write import files
from tests.support import faults
from tests.support.killing import run_command, start_command
from tests.support.tiny_models import tiny_checkpoint

WORDS = "the same words come back a model reads text then it says more about cats and dogs as animals"
KILLED = -9
STAGES = {
    "corpus": 1,
    "collect": 3,
    "rows": 2,
    "features": 2,
    "importance": 4,
    "logits": 2,
    "contributions": 4,
    "names": 2,
    "similar": 2,
    "map": 1,
}
# Similar to the other steps.
SLOW = ("corpus", "contributions", "features", "logits", "names", "similar", "rows", "map", "importance")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return corpus_and_model(tmp_path_factory.mktemp("kill"))


def corpus_and_model(place: Path) -> Path:
    tiny_checkpoint("gpt2", place / "model")
    rng = np.random.default_rng(0)
    texts = (" ".join(rng.choice(WORDS.split(), size=rng.integers(5, 60))) for _ in range(60))
    (place / "corpus.txt").write_text("\n\n".join(texts))
    return place


def arguments(place: Path, out: Path, *options: str) -> list[str]:
    paths = ["--model", str(place / "model"), "--corpus", str(place / "corpus.txt"), "--out", str(out)]
    sizes = ["--examples", "48", "--context", "24", "--window", "6,3", "--max-examples", "12", "--work-unit", "8"]
    return ["build", *paths, *sizes, "--name", "tiny", "--layers", "0,2", "--device", "cpu", "--threads", "1", *options]


@pytest.fixture(scope="module")
def whole(place: Path) -> dict[str, bytes]:
    """Return the files of an uninterrupted run."""
    assert run_command(arguments(place, place / "whole")) == 0
    assert not run_path(place / "whole").exists()
    return files(place / "whole")


@pytest.mark.parametrize(
    "stage", [pytest.param(stage, marks=pytest.mark.slow if stage in SLOW else ()) for stage in STAGES]
)
def test_build_continues_after_a_kill_in_each_step(place, tmp_path, whole, stage):
    out, unit = tmp_path / "atlas", STAGES[stage]
    assert run_command(arguments(place, out), kill_in=(stage, unit)) == KILLED
    assert not out.exists()
    assert len(Checkpoints(run_path(out) / stage).done()) == unit - 1
    assert f"{out}: stopped" in status(out)
    assert run_command(arguments(place, out)) == 0
    assert files(out) == whole
    assert not run_path(out).exists()


@pytest.mark.slow
def test_finished_units_are_not_computed_again(place, tmp_path, whole):
    """Kill the build at every unit in turn: each run finishes one more unit, until the build is finished."""
    out, lives = tmp_path / "atlas", 0
    while run_command(arguments(place, out), kill_in=("importance", 2)) == KILLED:
        lives += 1
        assert len(Checkpoints(run_path(out) / "importance").done()) == lives
    assert lives >= 4
    assert files(out) == whole


def test_old_atlas_stays_until_the_new_one_is_complete(place, tmp_path, whole):
    out = tmp_path / "atlas"
    shutil.copytree(place / "whole", out)
    assert run_command(arguments(place, out, "--cut", "0.3"), kill_in=("similar", 1)) == KILLED
    assert files(out) == whole
    assert "an earlier run is in place" in status(out)
    assert run_command(arguments(place, out, "--cut", "0.3")) == 0
    assert files(out) != whole


def test_run_with_different_settings_is_refused(place, tmp_path):
    out, log = tmp_path / "atlas", tmp_path / "log"
    assert run_command(arguments(place, out), kill_in=("features", 1)) == KILLED
    assert run_command(arguments(place, out, "--keep", "0.5"), log=log) == 2
    (line,) = [line for line in log.read_text().splitlines() if "keep" in line]
    assert "keep was 0.75 and is 0.5" in line
    assert run_command(arguments(place, out, "--keep", "0.5", "--restart")) == 0


@pytest.mark.slow
def test_changed_corpus_is_refused(place, tmp_path):
    corpus, log = tmp_path / "corpus.txt", tmp_path / "log"
    shutil.copy(place / "corpus.txt", corpus)
    command = arguments(place, tmp_path / "atlas", "--corpus", str(corpus))
    assert run_command(command, kill_in=("collect", 2)) == KILLED
    corpus.write_text(corpus.read_text() + "\n\none more")
    assert run_command(command, log=log) == 2
    assert "corpus file was" in log.read_text()


def test_two_runs_with_one_output(place, tmp_path):
    out, log = tmp_path / "atlas", tmp_path / "log"
    first = start_command(arguments(place, out), fault=partial(faults.before_storing_unit, "collect", 1, faults.pause))
    while not run_path(out).exists():
        time.sleep(0.001)
    second = run_command(arguments(place, out), log=log)  # while the first is stopped
    while first.is_alive():
        os.kill(first.pid, signal.SIGCONT)
        first.join(0.2)
    assert (first.exitcode, second) == (0, 2)
    assert "another run is building it" in log.read_text()


@pytest.mark.parametrize("rename", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_kill_while_the_atlas_is_put_in_place(place, tmp_path, whole, rename):
    """Kill before the old atlas is moved away, or before the new one is: the next command restores the old one."""
    out = tmp_path / "atlas"
    shutil.copytree(place / "whole", out)
    (out / "manifest.json").write_text("{}")
    earlier = files(out)
    assert (
        run_command(arguments(place, out), fault=partial(faults.before_renaming_folder, rename, faults.die)) == KILLED
    )
    assert out.exists() == (rename == 1)
    assert run_command(arguments(place, out, "--keep", "0.5")) == 2
    assert files(out) == earlier
    assert run_command(arguments(place, out)) == 0
    assert files(out) == whole
    assert [path.name for path in tmp_path.iterdir()] == ["atlas"]


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_kill_while_the_run_folder_is_deleted(place, tmp_path, whole, n):
    """Check that the next build ignores and deletes the rest of the folder."""
    out = tmp_path / "atlas"
    assert run_command(arguments(place, out), fault=partial(faults.before_removing_folder, n, faults.die)) == KILLED
    assert files(out) == whole
    assert run_path(out).exists()
    assert run_command(arguments(place, out)) == 0
    assert files(out) == whole
    assert [path.name for path in tmp_path.iterdir()] == ["atlas"]


@pytest.mark.slow
def test_kills_at_random_moments(place, tmp_path, whole):
    """Kill thirty builds at random times, then let each finish."""
    rng = random.Random(0)
    for number in range(30):
        out = tmp_path / str(number)
        for _ in range(rng.randint(1, 4)):
            child = start_command(arguments(place, out))
            child.join(rng.uniform(0.2, 4))
            child.kill()
            child.join()
        assert run_command(arguments(place, out)) == 0
        assert files(out) == whole
