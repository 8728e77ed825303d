"""The command line in a child process that has its imports behind it, killed where a test wants it to be."""

import multiprocessing
import os
import signal
import sys
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from precompute import checkpoints
from precompute.__main__ import main

# The server that children are forked from has imported what takes seconds and started no thread.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.killing", "precompute.build"])


def started(arguments: list[str], kill_in: tuple[str, int] | None = None, log: Path | None = None) -> ForkServerProcess:
    """`python -m precompute` with these arguments; `kill_in` (stage, n) dies while it writes the stage's n-th unit."""
    child = FORKS.Process(target=run, args=(arguments, kill_in, log))
    child.start()
    return child


def finished(arguments: list[str], kill_in: tuple[str, int] | None = None, log: Path | None = None) -> int:
    """Its exit code, −9 when it was killed."""
    child = started(arguments, kill_in, log)
    child.join()
    return child.exitcode


def run(arguments: list[str], kill_in: tuple[str, int] | None, log: Path | None) -> None:
    with open(log or os.devnull, "a") as stream:
        os.dup2(stream.fileno(), sys.stderr.fileno())
        os.dup2(stream.fileno(), sys.stdout.fileno())
    if kill_in:
        checkpoints.os = DyingOs(*kill_in)
    sys.exit(main(arguments))


class DyingOs:
    """The module `os` for checkpoints.py: the n-th time that a unit of the stage is put in place, the process dies."""

    def __init__(self, stage: str, n: int):
        self.stage, self.left = stage, n

    def replace(self, half: Path, whole: Path) -> None:
        if whole.parent.name == self.stage:
            self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        os.replace(half, whole)
