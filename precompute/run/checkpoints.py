"""Finished units of one step, one file each: a file that exists is complete, whenever the process was killed."""

import logging
import os
import struct
import tokenize
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

logger = logging.getLogger(__name__)

# Exceptions of the zip and npy readers for damaged files.
UNREADABLE = (
    OSError, ValueError, EOFError, KeyError, TypeError, OverflowError, SyntaxError, RuntimeError,
    struct.error, tokenize.TokenError, zipfile.BadZipFile,
)  # fmt: skip


class CheckpointError(ValueError):
    """A unit cannot be saved or loaded; the message says why in one line."""


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a temporary file that replaces `path` once it is written completely. Raises CheckpointError."""
    temporary = path.with_suffix(".part")
    with removing_on_error(temporary, path):
        yield temporary
        os.replace(temporary, path)


def new_array(path: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> np.ndarray:
    """Create a memory-mapped `.npy`, with its disk space allocated at once. Raises CheckpointError.

    Without the allocation, the kernel kills a process that writes to a map when the disk is full.
    """
    with removing_on_error(path, path):
        array = np.lib.format.open_memmap(path, "w+", dtype, shape)
        if hasattr(os, "posix_fallocate"):
            with path.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array


@contextmanager
def removing_on_error(file: Path, path: Path) -> Iterator[None]:
    """Delete `file` after an error while it is written for `path`, and raise the error as one line."""
    try:
        yield
    except OSError as error:
        file.unlink(missing_ok=True)
        raise CheckpointError(
            f"{path} cannot be written ({error.strerror or error}): finished units are saved, "
            "fix this and repeat the same command"
        ) from error


class Checkpoints:
    """Folder of `UNIT.npz` files, each a flat dict of plain arrays."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)

    def path(self, unit: int) -> Path:
        return self.folder / f"{unit:06d}.npz"

    def done(self) -> set[int]:
        """Return the finished units. Incomplete files, as after a power cut, are deleted, to be computed again."""
        for temporary in self.folder.glob("*.part"):
            temporary.unlink()
        return {int(path.stem) for path in self.folder.glob("*.npz") if self._is_complete(path)}

    def save(self, unit: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Write the arrays of a finished unit; the file gets its name once it is complete."""
        with atomic_file(self.path(unit)) as temporary, temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    def load(self, unit: int) -> "Arrays":
        """Return the arrays of a unit, each read when it is accessed."""
        return Arrays(self.path(unit))

    def clear(self) -> None:
        """Delete every unit."""
        for path in self.folder.iterdir():
            path.unlink()

    def _is_complete(self, path: Path) -> bool:
        """Return whether the file has its table of contents, which is written last; each array has its own checksum."""
        if zipfile.is_zipfile(path):
            return True
        logger.warning("%s is damaged and will be computed again", path)
        path.unlink()
        return False


class Arrays(Mapping):  # no type parameters: the type checker would read an array to check them
    """Arrays of an open .npz by name. Raises CheckpointError with one line if the file is damaged."""

    def __init__(self, path: Path):
        self.path = path
        try:
            self.file = zipfile.ZipFile(path)
        except UNREADABLE as error:
            raise self.damaged() from error

    def __getitem__(self, name: str) -> np.ndarray:
        try:
            with self.file.open(f"{name}.npy") as member:
                return read_array(member)
        except UNREADABLE as error:
            raise self.damaged() from error

    def __iter__(self) -> Iterator[str]:
        return (name.removesuffix(".npy") for name in self.file.namelist())

    def __len__(self) -> int:
        return len(self.file.namelist())

    def damaged(self) -> CheckpointError:
        return CheckpointError(f"{self.path} is damaged: delete it and repeat the same command")


def read_array(member: BufferedIOBase) -> np.ndarray:
    """Read an array to the end of its file, where the checksum is compared.

    Raises ValueError if a damaged header makes the array end earlier.
    """
    array = np.lib.format.read_array(member, allow_pickle=False)
    if member.read(1):
        raise ValueError("the file is longer than its array")
    return array
