"""A whole build on a Ray cluster of this machine: the bytes of one process, also when a worker is killed on the way."""

import importlib.util
import os
import signal
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from precompute.run.checkpoints import Checkpoints
from precompute.steps import features
from tests.precompute.run.test_kill import arguments, corpus_and_model
from tests.precompute.steps.test_write import files
from tests.support.killing import run_command


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if importlib.util.find_spec("ray") is None:
        assert not os.environ.get("NE_REQUIRE_RAY"), "ray is not installed"
        pytest.skip("ray is not installed: pip install -r requirements-ray.txt -c constraints.txt")
    return corpus_and_model(tmp_path_factory.mktemp("ray"))


def built(place: Path, out: str, *options: str, kills: bool = False) -> tuple[dict[str, bytes], str]:
    """The files of the atlas, and what the build said."""
    log = place / f"{out}.log"
    code = run_command(arguments(place, place / out, *options), log=log, fault=partial(on_workers, kills))
    assert code == 0, log.read_text()
    return files(place / out), log.read_text()


def on_workers(kills: bool) -> None:
    """In the child: however few rows there are, trees go to workers too."""
    features.FEW_ROWS = 0
    if kills:
        Checkpoints.save = killing(Checkpoints.save)


def killing(save):
    """The first unit of every stage that runs on workers costs one of them its life."""
    struck = set()

    def save_and_strike(kept: Checkpoints, unit: int, arrays: Mapping[str, np.ndarray]) -> None:
        save(kept, unit, arrays)
        if kept.folder.name in ("collect", "features", "importance") and kept.folder.name not in struck:
            struck.add(kept.folder.name)
            victim = ray_workers()[0]
            os.kill(victim, signal.SIGKILL)
            print(f"killed a worker in {kept.folder.name}", file=sys.stderr)

    return save_and_strike


def ray_workers() -> list[int]:
    """Processes of this cluster that compute, those at work first; its head was started by this process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name = (folder / "cmdline").read_bytes().split(b"\0")[0]
            ours = name.startswith((b"ray::work", b"ray::IDLE")) and descends(int(folder.name), os.getpid())
        except OSError:  # it has ended meanwhile
            continue
        if ours:
            found.append((name.startswith(b"ray::IDLE"), int(folder.name)))
    return [pid for _, pid in sorted(found)]


def descends(pid: int, from_pid: int) -> bool:
    while pid > 1 and pid != from_pid:
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return pid == from_pid


@pytest.mark.slow
def test_the_bytes_of_one_process(place):
    alone, _ = built(place, "alone")
    together, _ = built(place, "together", "--engine", "ray")
    assert together == alone


@pytest.mark.slow
def test_killed_workers_change_nothing(place):
    alone, _ = built(place, "alone_again")
    together, said = built(place, "struck", "--engine", "ray", kills=True)
    assert [line for line in said.splitlines() if line.startswith("killed")] == [
        f"killed a worker in {stage}" for stage in ("collect", "features", "importance")
    ]
    assert together == alone
