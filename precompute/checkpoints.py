"""The finished units of one stage, a file each: what is there is whole, whenever the process was killed."""

import logging
import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

logger = logging.getLogger(__name__)

UNREADABLE = (OSError, ValueError, EOFError, zipfile.BadZipFile)


class CheckpointError(ValueError):
    """A unit cannot be kept or read back; the message says why in one line."""


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
        half = self.path(unit).with_suffix(".part")
        try:
            with half.open("wb") as file:
                np.savez(file, allow_pickle=False, **arrays)
            os.replace(half, self.path(unit))
        except OSError as error:
            half.unlink(missing_ok=True)
            raise CheckpointError(
                f"{self.path(unit)} cannot be written ({error.strerror or error}): what is done is kept, "
                "make room and give the same command again"
            ) from error

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


class Arrays(Mapping[str, np.ndarray]):
    """An .npz, open while this lives, that says in one line what is wrong with it."""

    def __init__(self, path: Path):
        self.path = path
        try:
            self.file = np.load(path, allow_pickle=False)
        except UNREADABLE as error:
            raise self.damaged() from error

    def __getitem__(self, name: str) -> np.ndarray:
        try:
            return self.file[name]
        except UNREADABLE as error:
            raise self.damaged() from error

    def __iter__(self) -> Iterator[str]:
        return iter(self.file.files)

    def __len__(self) -> int:
        return len(self.file.files)

    def damaged(self) -> CheckpointError:
        return CheckpointError(f"{self.path} is damaged: delete it and give the same command again")
