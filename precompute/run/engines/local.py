"""Engine on this machine: tasks run one after the other in this process, or in a pool with one process per core."""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

from precompute.run.engines.protocol import EngineError, Job, Payload, Result

# Read by the linear algebra libraries of numpy and torch once, when they are loaded.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def n_cores() -> int:
    """Return the number of cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class LocalEngine:
    """`Engine` without a cluster; a pool has one worker per core by default."""

    def __init__(self, workers: int | None = None):
        self.workers = workers or n_cores()

    def map(
        self,
        function: Callable[[Job, Payload], Result],
        job: Job,
        tasks: Iterable[tuple[int, Payload]],
        cores: int | None,
    ) -> Iterator[tuple[int, Result]]:
        """Yield results in the order of the tasks. With `cores=None`, a task is drawn after the result before it."""
        if cores is None:
            return ((number, function(job, payload)) for number, payload in tasks)
        return in_pool(function, job, tasks, self.workers)

    def __enter__(self) -> "LocalEngine":
        return self

    def __exit__(self, *error: object) -> None: ...


def in_pool(
    function: Callable[[Job, Payload], Result], job: Job, tasks: Iterable[tuple[int, Payload]], workers: int
) -> Iterator[tuple[int, Result]]:
    """Yield results in order, with two tasks submitted per worker, so that no worker waits for its next task."""
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
    """Open a pool that drops its pending tasks if the caller stops early, by an error or Ctrl-C."""
    # spawn: a forked child of a process that has started torch's threads can hang
    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=share, initargs=(function, job))
    try:
        yield pool
    except BrokenExecutor as error:
        raise EngineError(
            "a worker process died, usually because memory ran out: use fewer --examples or fewer --layers, "
            "or repeat the same command to continue"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Make child processes started in this context use one thread: one worker per core keeps every core busy."""
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


shared: tuple[Callable, Any]  # in a worker: the function, and the job, sent once for all its tasks


def share(function: Callable, job: Any) -> None:
    global shared
    shared = function, job
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C


def shared_work(payload: Any) -> Result:
    function, job = shared
    return function(job, payload)
