"""What a stage asks of the place where its units are computed, and the one line when that cannot be."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np

Job = TypeVar("Job")
Payload = TypeVar("Payload")
Result = Mapping[str, np.ndarray]


class EngineError(ValueError):
    """Work cannot be done there; the message says in one line what would have worked."""


@runtime_checkable  # for the checks of types in tests
class Engine(Protocol):
    """A context manager: what it opens is closed when its `with` block ends."""

    def map(
        self,
        function: Callable[[Job, Payload], Result],
        job: Job,
        tasks: Iterable[tuple[int, Payload]],
        cores: int | None,
    ) -> Iterator[tuple[int, Result]]:
        """(number, `function(job, payload)`) of every (number, payload), in any order; callers must not rely on one.

        `function` stands at the top of a module that every worker can import. `job` is what all tasks share; it and the
        payloads are read, never written. Tasks are drawn only as fast as workers take them. `cores=1`: a task computes
        on one core. `cores=None`: on as many as its model has `threads` (`job.model.threads`), without a model on all.

        Raises the ValueError that a task raised, and EngineError where the engine itself fails.
        """
        ...

    def __enter__(self) -> "Engine": ...

    def __exit__(self, *error: object) -> None: ...
