"""Work functions for tests of engines: small modules load fast in a new process."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Job:
    weights: np.ndarray
    folder: Path | None = None


def product(job: Job, payload: np.ndarray) -> dict[str, np.ndarray]:
    """Multiply floats whose sums depend on the order of additions, so that other threads would change the bytes."""
    return {"product": job.weights @ payload, "sum": np.array(payload.sum())}


def fail_on_three(job: Job, payload: int) -> dict[str, np.ndarray]:
    if payload == 3:
        raise ValueError("payload 3 is invalid")
    return {"payload": np.array(payload)}


def environment(job: Job, payload: int) -> dict[str, np.ndarray]:
    return {"pid": np.array(os.getpid()), "threads": np.array(os.environ["OMP_NUM_THREADS"])}


def dies_once(job: Job, payload: int) -> dict[str, np.ndarray]:
    """Write the process id and wait to be killed, the first time that payload 2 is done."""
    pid_file = job.folder / "pid"
    if payload == 2 and not pid_file.exists():
        partial_file = job.folder / "half"
        partial_file.write_text(str(os.getpid()))
        partial_file.rename(pid_file)
        time.sleep(600)
    return {"product": job.weights * payload}


def dies_always(job: Job, payload: int) -> dict[str, np.ndarray]:
    if payload == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"payload": np.array(payload)}
