"""What a task takes of a machine, and how many such tasks machines can do at once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from precompute.run.engines.local import THREADS, n_cores
from precompute.run.engines.protocol import EngineError


@dataclass(frozen=True)
class Needs:
    """Cores and GPUs of one task, and the threads that its libraries of linear algebra share a product among."""

    cores: int
    gpus: int
    threads: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.cores} cores and a GPU" if self.gpus else f"{self.cores} core{'s' if self.cores > 1 else ''}"

    def fitting(self, resources: Mapping[str, float]) -> int:
        """Tasks that a machine with these resources, as Ray names them, can do at once."""
        by_gpu = resources.get("GPU", 0) // self.gpus if self.gpus else float("inf")
        return int(min(resources.get("CPU", 0) // self.cores, by_gpu))


def needs(job: Any, cores: int | None) -> Needs:
    """See `Engine.map`. A task of one core has no GPU: the model is not its business."""
    if cores is not None:
        return Needs(cores, 0, dict.fromkeys(THREADS, str(cores)))
    model = getattr(job, "model", None)
    return Needs(model.threads if model else n_cores(), gpus_of(model), threads_here())


def gpus_of(model: Any) -> int:
    device = model.device if model else "cpu"
    if device.startswith("cuda:") and device != "cuda:0":
        raise EngineError(f"device: {device}: a cluster gives each task a GPU of its own; cuda would work")
    return int(device.startswith("cuda"))


def threads_here() -> dict[str, str]:
    """As many as this process uses: how many threads share a product changes its rounding."""
    default = os.environ.get("OMP_NUM_THREADS", str(n_cores()))
    return {name: os.environ.get(name, default) for name in THREADS}
