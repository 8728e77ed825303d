"""What goes wrong in a child process: each function is called there before the command begins, to patch something."""

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

ROOM = 2048  # bytes of a file on a disk that is "full": progress and status fit, no unit does


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def stand_still() -> None:
    """Until SIGCONT comes."""
    os.kill(os.getpid(), signal.SIGSTOP)


def interrupt() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs start without one
    os.kill(os.getpid(), signal.SIGINT)


def fill_disk() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, ROOM))


def no_space(path: object = None) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)


def before_call(owner: object, name: str, n: int, do: Callable[[], None], about: Callable[..., bool]) -> None:
    """`do` before the n-th call of `owner.name` whose arguments are `about` the right thing."""
    real, left = getattr(owner, name), n

    def replacement(*args, **kwargs):
        nonlocal left
        left -= about(*args)
        if left == 0:
            left = -1
            do()
        return real(*args, **kwargs)

    setattr(owner, name, replacement)


def when_kept(stage: str, n: int, do: Callable[[], None]) -> None:
    """As the n-th unit of a stage is put in place."""
    before_call(os, "replace", n, do, lambda _, whole: Path(whole).parent.name == stage)


def when_saved(stage: str, n: int, do: Callable[[], None]) -> None:
    """As the n-th unit of a stage begins to be written."""
    before_call(np, "savez", n, do, lambda file: Path(file.name).parent.name == stage)


def when_removed(n: int, do: Callable[[], None]) -> None:
    """Before the n-th folder of a finished run is deleted."""
    before_call(shutil, "rmtree", n, do, lambda path, *_: Path(path).parent.name.endswith(".run"))


def when_renamed(n: int, do: Callable[[], None]) -> None:
    """As the n-th folder is renamed: the old atlas goes, the new one comes."""
    before_call(Path, "rename", n, do, lambda *_: True)


def when_text_written(name: str, do: Callable[[], None]) -> None:
    before_call(Path, "write_text", 1, do, lambda path, _: path.name == name)


def when_room_is_taken(n: int, do: Callable[[], None]) -> None:
    """As room is taken on disk for the n-th file that will be mapped."""
    before_call(checkpoints.os, "posix_fallocate", n, do, lambda *_: True)


def when_folder_made(path: Path) -> None:
    """It may not be."""
    denied = partial(_raise, PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path)))
    before_call(os, "mkdir", 1, denied, lambda made, *_: Path(made) == path)


def _raise(error: Exception) -> None:
    raise error


def unreadable_beyond(path: Path, n_lines: int) -> None:
    real = Path.open

    def replacement(self, *args, **kwargs):
        file = real(self, *args, **kwargs)
        return Failing(file, n_lines) if self == path else file

    Path.open = replacement


class Failing:
    """A file on a disk that fails after some lines."""

    def __init__(self, file, n_lines: int):
        self.file, self.n_lines = file, n_lines

    def __enter__(self) -> "Failing":
        return self

    def __exit__(self, *_) -> None:
        self.file.close()

    def read(self, n: int) -> bytes:
        """As much as there is before the fault, however much was asked for."""
        good = list(islice(self.file, self.n_lines))
        self.n_lines -= len(good)
        if not good:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return b"".join(good)


def memory_for(n_examples: int) -> None:
    """The model has memory for so many examples at once."""
    import torch

    from precompute.models.transformer import TransformerSource

    real = TransformerSource.read

    def replacement(self, tokens, *args):
        if len(tokens) > n_examples:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return real(self, tokens, *args)

    TransformerSource.read = replacement


def workers_die() -> None:
    """However few rows there are, features are found by a pool, whose workers are killed."""
    from precompute.steps import features

    features.FEW_ROWS, features.work_features = 0, killed


def killed(job: object, payload: object) -> None:
    die()
