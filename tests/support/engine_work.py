"""Functions for workers of every engine: small modules load fast in a new process."""

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
    """Of floats whose sums depend on the order of the additions, so that other threads would show."""
    return {"product": job.weights @ payload, "sum": np.array(payload.sum())}


def refused(job: Job, payload: int) -> dict[str, np.ndarray]:
    if payload == 3:
        raise ValueError("payload 3 cannot be")
    return {"payload": np.array(payload)}


def surroundings(job: Job, payload: int) -> dict[str, np.ndarray]:
    return {"pid": np.array(os.getpid()), "threads": np.array(os.environ["OMP_NUM_THREADS"])}


def dies_once(job: Job, payload: int) -> dict[str, np.ndarray]:
    """Says who it is, and waits to be killed, the first time that payload 2 is done; see `killed_one`."""
    told = job.folder / "pid"
    if payload == 2 and not told.exists():
        half = job.folder / "half"
        half.write_text(str(os.getpid()))
        half.rename(told)
        time.sleep(600)
    return {"product": job.weights * payload}


def dies_always(job: Job, payload: int) -> dict[str, np.ndarray]:
    if payload == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"payload": np.array(payload)}
