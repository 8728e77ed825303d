"""Interface of an engine, which computes units of work, and its error."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np

Job = TypeVar("Job")
Payload = TypeVar("Payload")
Result = Mapping[str, np.ndarray]


class EngineError(ValueError):
    """The engine cannot do the work; the message says in one line what would have worked."""


@runtime_checkable  # for the type checks in tests
class Engine(Protocol):
    """A context manager that computes tasks; resources that it opens are closed at the end of its `with` block."""

    def map(
        self,
        function: Callable[[Job, Payload], Result],
        job: Job,
        tasks: Iterable[tuple[int, Payload]],
        cores: int | None,
    ) -> Iterator[tuple[int, Result]]:
        """Yield (number, `function(job, payload)`) of every (number, payload), in any order.

        `function` is at the top level of a module that every worker can import. `job` is shared by all tasks; it and
        the payloads are read-only. Tasks are drawn only as fast as workers take them. `cores=1`: a task uses one core.
        `cores=None`: it uses `job.model.threads` cores, or all cores without a model.

        Raises the ValueError that a task raised, and EngineError if the engine itself fails.
        """
        ...

    def __enter__(self) -> "Engine": ...

    def __exit__(self, *error: object) -> None: ...
