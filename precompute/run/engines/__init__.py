"""Engines that compute the units of a step; results have the same bytes on every engine.

protocol.py   Engine: map(function, job, tasks, cores); EngineError
local.py      this machine: in this process, or in a pool with one process per core
needs.py      resources of a task: cores, a GPU, threads
ray.py        a Ray cluster; nothing else imports ray
"""

from precompute.run.engines.local import LocalEngine
from precompute.run.engines.protocol import Engine, EngineError

ENGINES = ("local", "ray")


def engine(name: str, address: str | None = None) -> Engine:
    """Return the engine of that name, a context manager; `address` is that of a Ray cluster."""
    if name not in ENGINES:
        raise EngineError(f"engine: {name!r} is not {' or '.join(ENGINES)}")
    return LocalEngine() if name == "local" else ray_engine(address)


def ray_engine(address: str | None) -> Engine:
    try:
        from precompute.run.engines.ray import RayEngine
    except ModuleNotFoundError as error:
        if error.name not in ("ray", "grpc"):
            raise
        raise EngineError(
            f"engine: ray needs the package {error.name}: pip install -r requirements-ray.txt -c constraints.txt"
        ) from error
    return RayEngine(address)
