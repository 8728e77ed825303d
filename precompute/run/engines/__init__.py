"""Where the units of a stage are computed. What comes out has the same bytes everywhere.

protocol.py   Engine: map(function, job, tasks, cores); EngineError
local.py      this machine: in this process, or a pool with a process for each core
needs.py      what a task takes of a machine: cores, a GPU, threads
ray.py        a Ray cluster; nothing else imports ray
"""

from precompute.run.engines.local import LocalEngine
from precompute.run.engines.protocol import Engine, EngineError

ENGINES = ("local", "ray")


def engine(name: str, address: str | None = None) -> Engine:
    """The engine of that name, to be opened by `with`; `address` is that of a Ray cluster."""
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
