"""Out of memory in a forward pass: half as many things go through the model at once, it is said, and the work goes on.

What is halved is only how many go through together; units of work stay as they are.
"""

import logging
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakKeyDictionary

import torch

from precompute.errors import ran_out

logger = logging.getLogger(__name__)
Result = TypeVar("Result")


class MemoryShortageError(ValueError):
    """Not even one thing goes through the model; the message says in one line what would help."""


class Batches:
    """How many `things` go through a model at once: all that there are, and half as many whenever memory runs out."""

    def __init__(self, things: str):
        self.things = things
        self.most: int | None = None

    def each(self, total: int, work: Callable[[slice], Result]) -> list[Result]:
        """`work` on slices that cover `range(total)` in order; a slice that ran out of memory is begun again, halved.

        Raises MemoryShortageError where a slice of one ran out.
        """
        results: list[Result] = []
        start = 0
        while start < total:
            stop = min(total, start + (self.most or total))
            try:
                results.append(work(slice(start, stop)))
            except (MemoryError, RuntimeError) as error:
                if not ran_out(error):
                    raise
            else:
                start = stop
                continue
            self.halve(stop - start)  # only here: the error kept alive what the pass had allocated
        return results

    def halve(self, tried: int) -> None:
        if tried == 1:
            raise MemoryShortageError(
                f"out of memory with one of the {self.things} at a time: "
                "a shorter context, a smaller model or --dtype bfloat16 needs less"
            )
        self.most = tried // 2
        logger.warning("out of memory with %d %s at once: going on with %d", tried, self.things, self.most)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


_of_source: WeakKeyDictionary = WeakKeyDictionary()


def batches(source: object, things: str) -> Batches:
    """Those of an opened model, the same for every unit of work that this process does with it."""
    known = _of_source.setdefault(source, {})
    return known.setdefault(things, Batches(things))
