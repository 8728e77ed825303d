"""The command line in a child process that has its imports behind it, with what a test wants to go wrong in it."""

import multiprocessing
import os
import sys
from collections.abc import Callable
from functools import partial
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from precompute.__main__ import main
from tests.support.faults import die, when_kept

# The server that children are forked from has imported what takes seconds and started no thread.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.support.killing", "precompute.build"])

Fault = Callable[[], None]


def started(
    arguments: list[str], kill_in: tuple[str, int] | None = None, log: Path | None = None, fault: Fault | None = None
) -> ForkServerProcess:
    """`python -m precompute` with these arguments.

    `kill_in` (stage, n) dies while it writes the stage's n-th unit; `fault` is called in the child before it begins.
    """
    if kill_in:
        fault = partial(when_kept, *kill_in, die)
    child = FORKS.Process(target=run, args=(arguments, log, fault))
    child.start()
    return child


def finished(
    arguments: list[str], kill_in: tuple[str, int] | None = None, log: Path | None = None, fault: Fault | None = None
) -> int:
    """Its exit code, −9 when it was killed."""
    child = started(arguments, kill_in, log, fault)
    child.join()
    return child.exitcode


def run(arguments: list[str], log: Path | None, fault: Fault | None) -> None:
    with open(log or os.devnull, "a") as stream:
        os.dup2(stream.fileno(), sys.stderr.fileno())
        os.dup2(stream.fileno(), sys.stdout.fileno())
    if fault:
        fault()
    sys.exit(main(arguments))
