"""Engine on a Ray cluster; no other module imports ray.

    address None             a cluster of this machine's cores, which ends with the build
            auto             the cluster that this machine belongs to
            HOST:PORT        the same, by the address of its head; this machine must belong to it
            ray://HOST:PORT  from outside, through the head's client port (10001 by default)

Requirements of each machine: this checkout under the same path (or on PYTHONPATH when `ray start` is run), with
`pip install -r requirements.txt -r requirements-ray.txt -c constraints.txt`; the model under the same path, or a hub
name that it can fetch; and the cores, and a GPU for a model on cuda, that one task needs. Packages of other versions
are refused, because they may round differently. A cluster that requires a token, as Ray's do by default, needs
RAY_AUTH_MODE=token and the same token on every machine and here (RAY_AUTH_TOKEN, or the file ~/.ray/auth_token, which
Ray writes when it starts a cluster).

When a worker or its machine dies, its tasks run again elsewhere, up to `RETRIES` times each. When the head or all
machines are gone, EngineError is raised after a while; finished units are saved, and the same command continues.
"""

import logging
import os
import re
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from itertools import islice
from platform import python_version
from typing import Any

import grpc
import numpy as np
import ray
from ray.exceptions import OutOfMemoryError, RayError, RayTaskError, WorkerCrashedError

from precompute.run.engines.local import n_cores
from precompute.run.engines.needs import Needs, needs
from precompute.run.engines.protocol import EngineError, Job, Payload, Result

Reference = Any  # ray.ObjectRef, or the class of that name in ray's client
RETRIES = 5  # limit for a task that kills its worker each time, by its size
AHEAD = 2  # tasks submitted per task that can run at once, so that no worker waits for its next
ANSWER_S = 10  # to wait for an address to answer
HEAD_S = 30  # to wait for the head to come back; after 60 without it, ray ends this process
MACHINES_S = 120  # to wait for a machine with the resources of a task
LOOK_S = 1  # between two checks of the cluster while nothing is finished
NO_MODULE = re.compile(r"No module named '[^']+'")


class RayEngine:
    """`Engine` on the cluster at `address`, or on `workers` cores of this machine (by default all)."""

    def __init__(self, address: str | None = None, workers: int | None = None):
        self.address, self.workers = address, workers

    def __enter__(self) -> "RayEngine":
        connect(self.address, self.workers or n_cores())
        self.head = head(self.address)
        return self

    def __exit__(self, *error: object) -> None:
        ray.shutdown()

    def map(
        self,
        function: Callable[[Job, Payload], Result],
        job: Job,
        tasks: Iterable[tuple[int, Payload]],
        cores: int | None,
    ) -> Iterator[tuple[int, Result]]:
        """Yield results as they finish. The job is sent to each machine once."""
        task_needs, tasks, running = needs(job, cores), iter(tasks), {}
        machines = Machines(self.head, task_needs)
        try:
            call, shared = remote(task_needs), ray.put((function, job, packages()))
            while True:
                for number, payload in islice(tasks, max(AHEAD * machines.capacity() - len(running), 0)):
                    running[call.remote(shared, payload)] = number
                if not running:
                    return
                done = first_done(list(running), machines)
                yield running.pop(done), result(done)
        except (RayError, ConnectionError, ImportError) as error:
            raise failure(error) from error
        finally:
            for reference in running:
                ray.cancel(reference)


def connect(address: str | None, cores: int) -> None:
    """Connect to the cluster, without dashboard, usage statistics and output on stdout."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_task_oom_retries", str(RETRIES))
    ray._private.worker._worker_logs_enabled = False  # ray prints deaths of workers on stdout despite `quiet`
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        if address is None:
            ray.init("local", num_cpus=cores, include_dashboard=False, **quiet)
        else:
            wait_for_answer(address)
            os.environ.setdefault("RAY_gcs_server_port_wait_time_s", "1")  # one attempt to connect, not twenty
            ray.init(address, **quiet)
    except EngineError:
        raise
    except Exception as error:  # of many types: RuntimeError for another version, ConnectionError, ValueError
        at_address = f"at {address} " if address else ""
        raise EngineError(f"no Ray cluster {at_address}can be used: {one_line(error)}") from error


def wait_for_answer(address: str) -> None:
    """Raise EngineError if the address does not answer soon; Ray itself would try for 15 minutes."""
    address_and_port = without_scheme(address)
    if not address_and_port:
        return
    with grpc.insecure_channel(address_and_port, options=[("grpc.enable_http_proxy", 0)]) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=ANSWER_S)
        except grpc.FutureTimeoutError:
            raise EngineError(
                f"address: no Ray cluster answers at {address}: `ray start --head --port=PORT` starts one"
            ) from None


def without_scheme(address: str) -> str | None:
    return None if address == "auto" else address.removeprefix("ray://")


def head(address: str | None) -> tuple[str, int]:
    """Return host and port of the cluster's head."""
    address_and_port = (address and without_scheme(address)) or ray.get_runtime_context().gcs_address
    host, _, port = address_and_port.rpartition(":")
    return host.strip("[]"), int(port)


class Machines:
    """Machines of the cluster, and the number of tasks that they can run at once."""

    def __init__(self, head: tuple[str, int], task_needs: Needs):
        self.head, self.task_needs = head, task_needs
        self.fit, self.checked_at = 0, -float("inf")

    def capacity(self) -> int:
        """Return the number of tasks that can run at once, at least 1. Raises EngineError after MACHINES_S without."""
        if time.monotonic() - self.checked_at > LOOK_S:
            self.wait_for_machine()
            self.checked_at = time.monotonic()
        return self.fit

    def wait_for_machine(self) -> None:
        until = time.monotonic() + MACHINES_S
        while not self.count():
            if time.monotonic() > until:
                raise EngineError(
                    f"no machine of the Ray cluster has {self.task_needs} for a task: use larger machines or fewer "
                    "--threads, and repeat the same command to continue"
                )
            time.sleep(LOOK_S)

    def count(self) -> int:
        self.wait_for_head()  # without it ray would wait, and then end this process
        self.fit = sum(self.task_needs.fitting(node["Resources"]) for node in ray.nodes() if node["Alive"])
        return self.fit

    def wait_for_head(self) -> None:
        until = time.monotonic() + HEAD_S
        while not is_listening(self.head):
            if time.monotonic() > until:
                raise EngineError("the Ray cluster is gone: start another and repeat the same command to continue")
            time.sleep(LOOK_S)


def is_listening(address_and_port: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address_and_port, timeout=LOOK_S).close()
    except OSError:
        return False
    return True


def first_done(running: list[Reference], machines: Machines) -> Reference:
    """Return the first finished task, waiting in short intervals, to notice Ctrl-C and a cluster that is gone."""
    while True:
        done, _ = ray.wait(running, timeout=LOOK_S)
        if done:
            return done[0]
        machines.capacity()


def remote(task_needs: Needs) -> Any:
    """Return `work` as a Ray task. A worker process serves tasks of one kind, and keeps the model that it loaded."""
    return ray.remote(work).options(
        num_cpus=task_needs.cores,
        num_gpus=task_needs.gpus,
        max_retries=RETRIES,
        runtime_env={"env_vars": dict(task_needs.threads)},
    )


def work(shared: tuple[Callable, Any, dict[str, str]], payload: Any) -> Result:
    """Run one task in a worker. Raises EngineError if its packages differ from those of the driver."""
    function, job, driver_packages = shared
    for name, installed in packages().items():
        if installed != driver_packages[name]:
            host = socket.gethostname()
            raise EngineError(
                f"{host} has {name} {installed}, and {driver_packages[name]} is needed for the same result"
            )
    return function(job, payload)


def packages() -> dict[str, str]:
    """Return the versions that the bytes of a result depend on, besides its settings."""
    names = ("numpy", "scipy", "torch", "transformers", "transformer-lens")
    return {"Python": python_version()} | {name: version(name) for name in names}


def result(done: Reference) -> Result:
    """Return a copy of a result, so that Ray's memory is released. Raises the task's error, without Ray's wrapper."""
    try:
        return {name: np.array(array) for name, array in ray.get(done).items()}
    except RayTaskError as error:
        missing = NO_MODULE.search(str(error.cause))
        raise (missing_module_error(missing) if missing else error.cause) from None


def failure(error: Exception) -> EngineError:
    """Return the EngineError for an error of Ray itself."""
    missing = NO_MODULE.search(str(error))
    if missing:
        return missing_module_error(missing)
    if isinstance(error, WorkerCrashedError | OutOfMemoryError):
        return EngineError(
            f"a worker of the Ray cluster died {RETRIES + 1} times in one task, usually because memory ran out"
        )
    return EngineError(f"the Ray cluster failed: {one_line(error)}")


def missing_module_error(match: re.Match) -> EngineError:
    return EngineError(f"a machine of the Ray cluster lacks this checkout or a package: {match[0]}")


def one_line(error: Exception) -> str:
    message = str(error).split("traceback:")[0]
    return " ".join(message.split())[:300]
