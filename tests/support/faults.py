"""Faults in a child process: each function is called there before the command begins, to patch something."""

import errno
import os
import resource
import shutil
import signal
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from precompute.run import checkpoints

ROOM = 2048  # largest file on a "full" disk, in bytes: progress and status fit, no unit does


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def pause() -> None:
    """Stop until SIGCONT."""
    os.kill(os.getpid(), signal.SIGSTOP)


def interrupt() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs of a shell start without one
    os.kill(os.getpid(), signal.SIGINT)


def fill_disk() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, ROOM))


def no_space(path: object = None) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)


def before_call(owner: object, name: str, n: int, do: Callable[[], None], matches: Callable[..., bool]) -> None:
    """Call `do` before the n-th call of `owner.name` whose arguments `matches` accepts."""
    real, left = getattr(owner, name), n

    def replacement(*args, **kwargs):
        nonlocal left
        left -= matches(*args)
        if left == 0:
            left = -1
            do()
        return real(*args, **kwargs)

    setattr(owner, name, replacement)


def before_storing_unit(step: str, n: int, do: Callable[[], None]) -> None:
    """Call `do` before the n-th unit of a step is moved into place."""
    before_call(os, "replace", n, do, lambda _, whole: Path(whole).parent.name == step)


def before_writing_unit(step: str, n: int, do: Callable[[], None]) -> None:
    """Call `do` before the n-th unit of a step is written."""
    before_call(np, "savez", n, do, lambda file: Path(file.name).parent.name == step)


def before_removing_folder(n: int, do: Callable[[], None]) -> None:
    """Call `do` before the n-th folder of a finished run is deleted."""
    before_call(shutil, "rmtree", n, do, lambda path, *_: Path(path).parent.name.endswith(".run"))


def before_renaming_folder(n: int, do: Callable[[], None]) -> None:
    """Call `do` before the n-th folder is renamed: first the old atlas, then the new one."""
    before_call(Path, "rename", n, do, lambda *_: True)


def before_writing_text(name: str, do: Callable[[], None]) -> None:
    before_call(Path, "write_text", 1, do, lambda path, _: path.name == name)


def before_allocating_file(n: int, do: Callable[[], None]) -> None:
    """Call `do` before disk space is allocated for the n-th memory-mapped file."""
    before_call(checkpoints.os, "posix_fallocate", n, do, lambda *_: True)


def before_making_folder(path: Path) -> None:
    """Deny the creation of this folder."""
    denied = partial(_raise, PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path)))
    before_call(os, "mkdir", 1, denied, lambda folder, *_: Path(folder) == path)


def _raise(error: Exception) -> None:
    raise error


def fail_reading_after(path: Path, n_lines: int) -> None:
    real = Path.open

    def replacement(self, *args, **kwargs):
        file = real(self, *args, **kwargs)
        return FailingFile(file, n_lines) if self == path else file

    Path.open = replacement


class FailingFile:
    """A file on a disk that fails after some lines."""

    def __init__(self, file, n_lines: int):
        self.file, self.n_lines = file, n_lines

    def __enter__(self) -> "FailingFile":
        return self

    def __exit__(self, *_) -> None:
        self.file.close()

    def read(self, n: int) -> bytes:
        """Return the lines before the fault, regardless of `n`."""
        good = list(islice(self.file, self.n_lines))
        self.n_lines -= len(good)
        if not good:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return b"".join(good)


def limit_memory(n_examples: int) -> None:
    """Raise an out-of-memory error for more than `n_examples` examples at once."""
    import torch

    from precompute.models.transformer import TransformerSource

    real = TransformerSource.read

    def replacement(self, tokens, *args):
        if len(tokens) > n_examples:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return real(self, tokens, *args)

    TransformerSource.read = replacement


def kill_workers() -> None:
    """Compute features in a pool, even for few rows, and kill its workers."""
    from precompute.steps import features

    features.FEW_ROWS, features.work_features = 0, kill_task


def kill_task(job: object, payload: object) -> None:
    die()
