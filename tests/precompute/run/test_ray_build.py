"""A whole build on a Ray cluster of this machine: the bytes of one process, also when workers are killed."""

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


def built(place: Path, out: str, *options: str, kill_workers: bool = False) -> tuple[dict[str, bytes], str]:
    """Build an atlas and return its files and the log."""
    log = place / f"{out}.log"
    code = run_command(arguments(place, place / out, *options), log=log, fault=partial(use_workers, kill_workers))
    assert code == 0, log.read_text()
    return files(place / out), log.read_text()


def use_workers(kill_workers: bool) -> None:
    """Make the build in the child process use workers for any number of rows."""
    features.FEW_ROWS = 0
    if kill_workers:
        Checkpoints.save = kill_a_worker(Checkpoints.save)


def kill_a_worker(save):
    """Kill a worker after the first unit of each step that runs on workers."""
    killed_in = set()

    def save_and_kill(checkpoints: Checkpoints, unit: int, arrays: Mapping[str, np.ndarray]) -> None:
        save(checkpoints, unit, arrays)
        if (
            checkpoints.folder.name in ("collect", "features", "importance")
            and checkpoints.folder.name not in killed_in
        ):
            killed_in.add(checkpoints.folder.name)
            victim = ray_workers()[0]
            os.kill(victim, signal.SIGKILL)
            print(f"killed a worker in {checkpoints.folder.name}", file=sys.stderr)

    return save_and_kill


def ray_workers() -> list[int]:
    """Return the worker processes of this cluster, busy ones first; this process started its head."""
    workers = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name = (folder / "cmdline").read_bytes().split(b"\0")[0]
            is_ours = name.startswith((b"ray::work", b"ray::IDLE")) and descends(int(folder.name), os.getpid())
        except OSError:  # it has ended meanwhile
            continue
        if is_ours:
            workers.append((name.startswith(b"ray::IDLE"), int(folder.name)))
    return [pid for _, pid in sorted(workers)]


def descends(pid: int, from_pid: int) -> bool:
    while pid > 1 and pid != from_pid:
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return pid == from_pid


@pytest.mark.slow
def test_ray_build_has_the_bytes_of_one_process(place):
    alone, _ = built(place, "alone")
    together, _ = built(place, "together", "--engine", "ray")
    assert together == alone


@pytest.mark.slow
def test_killed_workers_do_not_change_the_bytes(place):
    alone, _ = built(place, "alone_again")
    together, log = built(place, "struck", "--engine", "ray", kill_workers=True)
    assert [line for line in log.splitlines() if line.startswith("killed")] == [
        f"killed a worker in {stage}" for stage in ("collect", "features", "importance")
    ]
    assert together == alone
