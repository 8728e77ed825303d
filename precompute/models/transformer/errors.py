"""What may go wrong when something is tried on a model, and which of it says nothing about the model."""

from precompute.errors import is_device_failure, is_out_of_memory
from precompute.run.memory import MemoryShortageError

# What model code and the libraries below it raise where a model is not as they expect it.
MODEL_ERRORS = (AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
LONGEST = 160  # characters of a library's message within a line of ours


def of_the_machine(error: BaseException) -> bool:
    """Whether memory or the device is to blame: such an error is never taken for an answer."""
    return is_out_of_memory(error) or isinstance(error, MemoryShortageError) or is_device_failure(error)


def first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__


def shortened(error: BaseException) -> str:
    """The first line of a library's message, cut where it is long."""
    line = first_line(error)
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def brief(error: BaseException) -> str:
    """The same with the kind of error, for messages that mean little without it."""
    return f"{type(error).__name__}: {shortened(error)}" if str(error).strip() else type(error).__name__
