"""A Ray cluster, where tasks run wherever there is room; nothing else here imports ray.

    address None             a cluster of this machine's cores, which ends with the build
            auto             the cluster that this machine belongs to
            HOST:PORT        the same, by the address of its head; this machine must belong to it
            ray://HOST:PORT  from outside, through the head's client port (10001 unless told otherwise)

What each machine needs: this checkout under the same path (or on PYTHONPATH when `ray start` is given), with
`pip install -r requirements.txt -r requirements-ray.txt -c constraints.txt`; the model under the same path, or a hub
name that it can fetch; and as many cores, and a GPU for a model on cuda, as one task takes. Packages of other versions
are refused, because they may round otherwise. A cluster that asks for a token, as ray's do unless told otherwise, wants
RAY_AUTH_MODE=token and the same token on every machine and here (RAY_AUTH_TOKEN, or ray's file ~/.ray/auth_token, which
ray writes when it starts a cluster).

When a worker or its machine dies, its tasks run again elsewhere, up to `RETRIES` times each. When the head or all
machines are gone, this says so after a while; what is done is kept, and the same command goes on from there.
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

Reference = Any  # ray.ObjectRef, or its namesake of ray's client
RETRIES = 5  # a task that kills its worker each time, by its size, must end some day
AHEAD = 2  # tasks handed out for each that can run at once, so that no worker waits for its next
ANSWER_S = 10  # for an address to answer
HEAD_S = 30  # for the head to come back; after 60 without it, ray ends this process
MACHINES_S = 120  # for a machine with room for a task to come, or to come back
LOOK_S = 1  # between two looks at a cluster while nothing is finished
NO_MODULE = re.compile(r"No module named '[^']+'")


class RayEngine:
    """`Engine` on the cluster at `address`, or on `workers` cores of this machine, all of them unless told."""

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
        """As they finish. The job is sent to each machine once."""
        takes, tasks, running = needs(job, cores), iter(tasks), {}
        machines = Machines(self.head, takes)
        try:
            call, shared = remote(takes), ray.put((function, job, packages()))
            while True:
                for number, payload in islice(tasks, max(AHEAD * machines.room() - len(running), 0)):
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
    """Without a dashboard, without statistics of use sent anywhere, and without a word on stdout."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_task_oom_retries", str(RETRIES))
    ray._private.worker._worker_logs_enabled = False  # deaths of workers are told on stdout, whatever init is told
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
    except (
        Exception
    ) as error:  # ray raises what it likes: RuntimeError for another version, ConnectionError, ValueError
        where = f"at {address} " if address else ""
        raise EngineError(f"no Ray cluster {where}can be used: {one_line(error)}") from error


def wait_for_answer(address: str) -> None:
    """Ray itself would try for a quarter of an hour."""
    place = host_port(address)
    if not place:
        return
    with grpc.insecure_channel(place, options=[("grpc.enable_http_proxy", 0)]) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=ANSWER_S)
        except grpc.FutureTimeoutError:
            raise EngineError(
                f"address: no Ray cluster answers at {address}: `ray start --head --port=PORT` starts one"
            ) from None


def host_port(address: str) -> str | None:
    return None if address == "auto" else address.removeprefix("ray://")


def head(address: str | None) -> tuple[str, int]:
    """Where something listens as long as the cluster is there."""
    place = (address and host_port(address)) or ray.get_runtime_context().gcs_address
    host, _, port = place.rpartition(":")
    return host.strip("[]"), int(port)


class Machines:
    """The cluster's machines, seen by what a task takes of them."""

    def __init__(self, head: tuple[str, int], takes: Needs):
        self.head, self.takes = head, takes
        self.fit, self.looked = 0, -float("inf")

    def room(self) -> int:
        """Tasks that they can do at once, at least one. Raises EngineError when there is no such machine for long."""
        if time.monotonic() - self.looked > LOOK_S:
            self.look()
            self.looked = time.monotonic()
        return self.fit

    def look(self) -> None:
        until = time.monotonic() + MACHINES_S
        while not self.count():
            if time.monotonic() > until:
                raise EngineError(
                    f"no machine of the Ray cluster has {self.takes} for a task: larger machines or fewer --threads "
                    "would work, and the same command goes on from here"
                )
            time.sleep(LOOK_S)

    def count(self) -> int:
        self.wait_for_head()  # without it ray would wait, and then end this process
        self.fit = sum(self.takes.fitting(node["Resources"]) for node in ray.nodes() if node["Alive"])
        return self.fit

    def wait_for_head(self) -> None:
        until = time.monotonic() + HEAD_S
        while not listens(self.head):
            if time.monotonic() > until:
                raise EngineError("the Ray cluster is gone: the same command goes on from here on another")
            time.sleep(LOOK_S)


def listens(place: tuple[str, int]) -> bool:
    try:
        socket.create_connection(place, timeout=LOOK_S).close()
    except OSError:
        return False
    return True


def first_done(running: list[Reference], machines: Machines) -> Reference:
    """In short waits: a cluster that is gone is noticed between them, and so is Ctrl-C."""
    while True:
        done, _ = ray.wait(running, timeout=LOOK_S)
        if done:
            return done[0]
        machines.room()


def remote(takes: Needs) -> Any:
    """`work` as Ray runs it. A worker process serves tasks of one kind, and keeps the model that it has opened."""
    return ray.remote(work).options(
        num_cpus=takes.cores,
        num_gpus=takes.gpus,
        max_retries=RETRIES,
        runtime_env={"env_vars": dict(takes.threads)},
    )


def work(shared: tuple[Callable, Any, dict[str, str]], payload: Any) -> Result:
    """One task, in a worker."""
    function, job, theirs = shared
    for name, here in packages().items():
        if here != theirs[name]:
            host = socket.gethostname()
            raise EngineError(f"{host} has {name} {here}, and {theirs[name]} is needed for the same result")
    return function(job, payload)


def packages() -> dict[str, str]:
    """What a result's bytes depend on besides its settings."""
    names = ("numpy", "scipy", "torch", "transformers", "transformer-lens")
    return {"Python": python_version()} | {name: version(name) for name in names}


def result(done: Reference) -> Result:
    """Copied, so that Ray's memory is free again. Raises what the task raised, without Ray's account of it."""
    try:
        return {name: np.array(array) for name, array in ray.get(done).items()}
    except RayTaskError as error:
        lacking = NO_MODULE.search(str(error.cause))
        raise (lacks(lacking) if lacking else error.cause) from None


def failure(error: Exception) -> EngineError:
    """The line for what Ray itself raised."""
    lacking = NO_MODULE.search(str(error))
    if lacking:
        return lacks(lacking)
    if isinstance(error, WorkerCrashedError | OutOfMemoryError):
        return EngineError(
            f"a worker of the Ray cluster died {RETRIES + 1} times over one task, most often for want of memory"
        )
    return EngineError(f"the Ray cluster failed: {one_line(error)}")


def lacks(missing: re.Match) -> EngineError:
    return EngineError(f"a machine of the Ray cluster lacks this checkout or a package: {missing[0]}")


def one_line(error: Exception) -> str:
    told = str(error).split("traceback:")[0]
    return " ".join(told.split())[:300]
