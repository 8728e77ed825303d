"""Resources that a task needs, and the number of such tasks that a machine can run at once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from precompute.run.engines.local import THREADS, n_cores
from precompute.run.engines.protocol import EngineError


@dataclass(frozen=True)
class Needs:
    """Cores and GPUs of one task, and the threads of its linear algebra libraries."""

    cores: int
    gpus: int
    threads: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.cores} cores and a GPU" if self.gpus else f"{self.cores} core{'s' if self.cores > 1 else ''}"

    def fitting(self, resources: Mapping[str, float]) -> int:
        """Return the number of tasks that a machine with these resources, as Ray names them, can run at once."""
        by_gpu = resources.get("GPU", 0) // self.gpus if self.gpus else float("inf")
        return int(min(resources.get("CPU", 0) // self.cores, by_gpu))


def needs(job: Any, cores: int | None) -> Needs:
    """Return the resources of a task; see `Engine.map`. A task of one core needs no GPU: it does not run the model."""
    if cores is not None:
        return Needs(cores, 0, dict.fromkeys(THREADS, str(cores)))
    model = getattr(job, "model", None)
    return Needs(model.threads if model else n_cores(), gpus_of(model), threads_here())


def gpus_of(model: Any) -> int:
    device = model.device if model else "cpu"
    if device.startswith("cuda:") and device != "cuda:0":
        raise EngineError(f"device: {device}: a cluster assigns a GPU to each task: use cuda")
    return int(device.startswith("cuda"))


def threads_here() -> dict[str, str]:
    """Return the thread settings of this process: the number of threads changes the rounding of a matrix product."""
    default = os.environ.get("OMP_NUM_THREADS", str(n_cores()))
    return {name: os.environ.get(name, default) for name in THREADS}
