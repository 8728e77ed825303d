"""Classify errors raised while running a model: caused by the model, or by the machine."""

from precompute.errors import is_device_failure, is_out_of_memory
from precompute.run.memory import MemoryShortageError

# Errors that model code and its libraries raise for a model of unexpected structure.
MODEL_ERRORS = (AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
LONGEST = 160  # characters of a library's message within one of our messages


def of_the_machine(error: BaseException) -> bool:
    """Return whether memory or the device caused the error: such errors say nothing about the model."""
    return is_out_of_memory(error) or isinstance(error, MemoryShortageError) or is_device_failure(error)


def first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__


def shortened(error: BaseException) -> str:
    """Return the first line of a library's message, truncated if it is long."""
    line = first_line(error)
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def brief(error: BaseException) -> str:
    """Return the kind of error and its shortened message."""
    return f"{type(error).__name__}: {shortened(error)}" if str(error).strip() else type(error).__name__
