"""What went wrong as one line for a person, and what memory or the device is to blame for.

It knows torch's errors only where torch is loaded: commands that do without must end in one line, too.
"""

import sys

OURS = ("precompute", "ne_core")
# How torch names it where it has no exception of its own: its allocator on a CPU, and the libraries below it on a GPU.
NO_MEMORY = ("can't allocate memory", "not enough memory", "alloc_failed", "out of memory")
NO_DEVICE = ("CUDA error", "cuDNN error")


def ran_out(error: BaseException) -> bool:
    """Whether the error says that there was not memory enough, and trying with less makes sense."""
    if isinstance(error, MemoryError) or of_torch(error, "OutOfMemoryError"):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in NO_MEMORY)


def device_failed(error: BaseException) -> bool:
    """Whether the accelerator reports a fault, after which nothing works on it."""
    if of_torch(error, "AcceleratorError"):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in NO_DEVICE)


def of_torch(error: BaseException, name: str) -> bool:
    return isinstance(error, getattr(sys.modules.get("torch"), name, ()))


def one_line(error: Exception) -> str:
    """What it says, with the file it is about instead of a number."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return (str(error).splitlines() or [type(error).__name__])[0]


def lacking(error: ModuleNotFoundError) -> str:
    """Where only the explorer's packages are installed, which is enough for some verbs."""
    needed = (error.name or "a package").split(".")[0]
    if needed in OURS:
        raise error
    install = "python -m pip install -r requirements.txt -c constraints.txt"
    return f"this needs {needed}, which is not installed here: {install}"
