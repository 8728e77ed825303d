"""The command line in a child process with its imports already loaded, with a fault for the test."""

import multiprocessing
import os
import sys
from collections.abc import Callable
from functools import partial
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from precompute.__main__ import main
from tests.support.faults import before_storing_unit, die

# The fork server has done the slow imports and started no threads.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.support.killing", "precompute.build"])

Fault = Callable[[], None]


def start_command(
    arguments: list[str], kill_in: tuple[str, int] | None = None, log: Path | None = None, fault: Fault | None = None
) -> ForkServerProcess:
    """Start `python -m precompute` with these arguments.

    `kill_in` (step, n) kills the process while it writes the step's n-th unit; `fault` is called in the child first.
    """
    if kill_in:
        fault = partial(before_storing_unit, *kill_in, die)
    child = FORKS.Process(target=run, args=(arguments, log, fault))
    child.start()
    return child


def run_command(
    arguments: list[str], kill_in: tuple[str, int] | None = None, log: Path | None = None, fault: Fault | None = None
) -> int:
    """Run the command to its end and return the exit code, −9 if it was killed."""
    child = start_command(arguments, kill_in, log, fault)
    child.join()
    return child.exitcode


def run(arguments: list[str], log: Path | None, fault: Fault | None) -> None:
    with open(log or os.devnull, "a") as stream:
        os.dup2(stream.fileno(), sys.stderr.fileno())
        os.dup2(stream.fileno(), sys.stdout.fileno())
    if fault:
        fault()
    sys.exit(main(arguments))
