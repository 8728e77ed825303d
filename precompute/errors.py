"""Errors as one line for the user, and recognition of memory and device failures.

torch's errors are known only where torch is loaded: commands that do not need torch must also end in one line.
"""

import sys

OURS = ("precompute", "ne_core")
# Messages of torch's CPU allocator and of the GPU libraries, which raise a plain RuntimeError.
NO_MEMORY = ("can't allocate memory", "not enough memory", "alloc_failed", "out of memory")
NO_DEVICE = ("CUDA error", "cuDNN error")


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether the error reports a lack of memory, so that trying with less makes sense."""
    if isinstance(error, MemoryError) or is_torch_error(error, "OutOfMemoryError"):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in NO_MEMORY)


def is_device_failure(error: BaseException) -> bool:
    """Return whether the accelerator reports a fault, after which it is unusable."""
    if is_torch_error(error, "AcceleratorError"):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in NO_DEVICE)


def is_torch_error(error: BaseException, name: str) -> bool:
    return isinstance(error, getattr(sys.modules.get("torch"), name, ()))


def one_line(error: Exception) -> str:
    """Return the first line of the message; an OSError names its file instead of its number."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return (str(error).splitlines() or [type(error).__name__])[0]


def missing_package_message(error: ModuleNotFoundError) -> str:
    """Return how to install the missing package; some commands need only the packages of the explorer.

    Raise the error again if the missing module is part of this project.
    """
    package = (error.name or "a package").split(".")[0]
    if package in OURS:
        raise error
    install = "python -m pip install -r requirements.txt -c constraints.txt"
    return f"this needs {package}, which is not installed here: {install}"
