"""This machine: one task after the other in this process, or a process for each core, with the results in order."""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

from precompute.run.engines.protocol import EngineError, Job, Payload, Result

# What numpy's and torch's libraries of linear algebra read, once, when they are loaded.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def n_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class LocalEngine:
    """`Engine` without a cluster; a pool has a worker for each core unless told otherwise."""

    def __init__(self, workers: int | None = None):
        self.workers = workers or n_cores()

    def map(
        self,
        function: Callable[[Job, Payload], Result],
        job: Job,
        tasks: Iterable[tuple[int, Payload]],
        cores: int | None,
    ) -> Iterator[tuple[int, Result]]:
        """In the order of the tasks. With `cores=None`, a task is drawn when the result before it has been used."""
        if cores is None:
            return ((number, function(job, payload)) for number, payload in tasks)
        return in_pool(function, job, tasks, self.workers)

    def __enter__(self) -> "LocalEngine":
        return self

    def __exit__(self, *error: object) -> None: ...


def in_pool(
    function: Callable[[Job, Payload], Result], job: Job, tasks: Iterable[tuple[int, Payload]], workers: int
) -> Iterator[tuple[int, Result]]:
    """Two tasks for each worker are on their way, so that none waits for its next."""
    running = deque()
    with one_thread_each(), process_pool(workers, function, job) as pool:
        for number, payload in tasks:
            running.append((number, pool.submit(shared_work, payload)))
            if len(running) > 2 * workers:
                yield finished(running)
        while running:
            yield finished(running)


def finished(running: deque) -> tuple[int, Result]:
    number, future = running.popleft()
    return number, future.result()


@contextmanager
def process_pool(workers: int, function: Callable, job: Any) -> Iterator[ProcessPoolExecutor]:
    """A pool whose waiting work is dropped when the caller stops early, by an error or by Ctrl-C."""
    # spawn: a forked child of a process that has started torch's threads can hang
    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=share, initargs=(function, job))
    try:
        yield pool
    except BrokenExecutor as error:
        raise EngineError(
            "a worker process died, most often for want of memory: fewer examples or fewer layers need less, "
            "and the same command goes on from here"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Children started in here use one thread: as many workers as cores already keep every core busy."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


shared: tuple[Callable, Any]  # in a worker: the function, and the job that came once for all its tasks


def share(function: Callable, job: Any) -> None:
    global shared
    shared = function, job
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle


def shared_work(payload: Any) -> Result:
    function, job = shared
    return function(job, payload)
