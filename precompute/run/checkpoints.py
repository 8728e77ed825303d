"""The finished units of one stage, a file each: what is there is whole, whenever the process was killed."""

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

# What the readers of zip and npy raise over bytes that are not what was written.
UNREADABLE = (
    OSError, ValueError, EOFError, KeyError, TypeError, OverflowError, SyntaxError, RuntimeError,
    struct.error, tokenize.TokenError, zipfile.BadZipFile,
)  # fmt: skip


class CheckpointError(ValueError):
    """A unit cannot be kept or read back; the message says why in one line."""


@contextmanager
def put(path: Path) -> Iterator[Path]:
    """Where to write what shall be at `path`: it gets there once it is whole. Raises CheckpointError."""
    half = path.with_suffix(".part")
    with kept_in(half, path):
        yield half
        os.replace(half, path)


def new_array(path: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> np.ndarray:
    """A new `.npy`, mapped. Its room is taken at once: the kernel kills who writes to a map that the disk cannot hold.

    Raises CheckpointError.
    """
    with kept_in(path, path):
        array = np.lib.format.open_memmap(path, "w+", dtype, shape)
        if hasattr(os, "posix_fallocate"):
            with path.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array


@contextmanager
def kept_in(file: Path, path: Path) -> Iterator[None]:
    """What fails while `file` is written for `path` leaves no `file` behind, and is one line."""
    try:
        yield
    except OSError as error:
        file.unlink(missing_ok=True)
        raise CheckpointError(
            f"{path} cannot be written ({error.strerror or error}): what is done is kept, "
            "mend that and give the same command again"
        ) from error


class Checkpoints:
    """A folder of `UNIT.npz`, each a flat dict of plain arrays."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)

    def path(self, unit: int) -> Path:
        return self.folder / f"{unit:06d}.npz"

    def done(self) -> set[int]:
        """Units that are whole. What a power cut left of others is removed, so that they are computed again."""
        for half in self.folder.glob("*.part"):
            half.unlink()
        return {int(path.stem) for path in self.folder.glob("*.npz") if self._whole(path)}

    def save(self, unit: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Under its name only once it is whole: a file that is there is a unit that is done."""
        with put(self.path(unit)) as half, half.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    def load(self, unit: int) -> "Arrays":
        """The arrays of a unit, each read when it is asked for."""
        return Arrays(self.path(unit))

    def clear(self) -> None:
        """Forget every unit."""
        for path in self.folder.iterdir():
            path.unlink()

    def _whole(self, path: Path) -> bool:
        """Whether the file has its table of contents, which is written last; each array has a checksum of its own."""
        if zipfile.is_zipfile(path):
            return True
        logger.warning("%s is damaged and is made again", path)
        path.unlink()
        return False


class Arrays(Mapping):  # no types in brackets: a checker of types would read an array to see whether they hold
    """An .npz by its arrays' names, open while this lives, that says in one line what is wrong with it."""

    def __init__(self, path: Path):
        self.path = path
        try:
            self.file = zipfile.ZipFile(path)
        except UNREADABLE as error:
            raise self.damaged() from error

    def __getitem__(self, name: str) -> np.ndarray:
        try:
            with self.file.open(f"{name}.npy") as member:
                return whole_array(member)
        except UNREADABLE as error:
            raise self.damaged() from error

    def __iter__(self) -> Iterator[str]:
        return (name.removesuffix(".npy") for name in self.file.namelist())

    def __len__(self) -> int:
        return len(self.file.namelist())

    def damaged(self) -> CheckpointError:
        return CheckpointError(f"{self.path} is damaged: delete it and give the same command again")


def whole_array(member: BufferedIOBase) -> np.ndarray:
    """The checksum is compared at the end of the file, which a damaged header could make the array end before."""
    array = np.lib.format.read_array(member, allow_pickle=False)
    if member.read(1):
        raise ValueError("there is more than the array")
    return array
