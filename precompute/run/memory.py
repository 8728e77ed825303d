"""Smaller batches after running out of memory in a forward pass, with a warning.

Only the batch size is halved; units of work stay the same.
"""

import logging
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakKeyDictionary

import torch

from precompute.errors import is_out_of_memory

logger = logging.getLogger(__name__)
Result = TypeVar("Result")


class MemoryShortageError(ValueError):
    """The memory is too small even for a batch of one; the message says in one line what would help."""


class Batches:
    """Batch size of a forward pass over `things`: unlimited at first, halved whenever memory runs out."""

    def __init__(self, things: str):
        self.things = things
        self.limit: int | None = None

    def each(self, total: int, run: Callable[[slice], Result]) -> list[Result]:
        """Return the results of `run` on slices that cover `range(total)` in order.

        A slice that runs out of memory is halved and repeated. Raises MemoryShortageError for a slice of one.
        """
        results: list[Result] = []
        start = 0
        while start < total:
            stop = min(total, start + (self.limit or total))
            try:
                results.append(run(slice(start, stop)))
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
            else:
                start = stop
                continue
            self.halve(stop - start)  # outside of `except`: the error keeps the memory of the pass alive
        return results

    def halve(self, batch_size: int) -> None:
        if batch_size == 1:
            raise MemoryShortageError(
                f"out of memory with one of the {self.things} at a time: "
                "use a shorter --context, a smaller model or --dtype bfloat16"
            )
        self.limit = batch_size // 2
        logger.warning("out of memory with %d %s at once: continuing with %d", batch_size, self.things, self.limit)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


_of_source: WeakKeyDictionary = WeakKeyDictionary()


def batches(source: object, things: str) -> Batches:
    """Return the batch size of `things` for a loaded model, shared by all units of work of this process."""
    by_things = _of_source.setdefault(source, {})
    return by_things.setdefault(things, Batches(things))
