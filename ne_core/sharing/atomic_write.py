"""An atlas is in its place whole, or it is not there; what stood in its place stays until it is."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ne_core.atlas.litter import is_empty
from ne_core.sharing.destination import STREAMS, WriteError, check_file, check_folder


@contextmanager
def new_atlas(out: Path) -> Iterator[Path]:
    """A folder to write into, which becomes `out` when the block ends well; what stood at `out` stays until then."""
    out = check_target(out)
    folder = beside(out, "writing")
    clear_up(out)
    try:
        folder.mkdir(parents=True)
        yield folder
        if not (folder / "manifest.json").exists():
            raise WriteError(f"{folder} was left without a manifest")
        move_into_place(folder, out)
    except (OSError, sqlite3.Error) as error:
        raise WriteError(f"{out} cannot be written: {getattr(error, 'strerror', None) or error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def new_file(out: Path) -> Iterator[BinaryIO]:
    """A file to write, which becomes `out` when the block ends well; what stood at `out` stays until then."""
    place = check_file(out)
    written = beside(place, "writing")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with written.open("wb") as file:
            yield file
        written.replace(place)
    except OSError as error:
        raise WriteError(f"{out} cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):  # it may never have come to be
            written.unlink()


def check_output(out: Path) -> None:
    """Whether `write_output` will work. Raises WriteError."""
    if is_stream(out):
        return
    if not out.parent.is_dir():
        raise WriteError(f"{out}: there is no folder {out.parent}: make it, or name another file")
    check_file(out)


def write_output(out: Path, content: bytes) -> None:
    """A whole file, or the same bytes into a device or pipe."""
    if is_stream(out):
        out.write_bytes(content)
        return
    with new_file(out) as file:
        file.write(content)


def is_stream(out: Path) -> bool:
    return out.exists() and not out.is_dir() and (str(out).startswith(STREAMS) or not out.is_file())


def check_target(out: Path) -> Path:
    """The place that `out` leads to, where an atlas may stand and can be put. Raises WriteError.

    Only nothing, a directory that is empty but for litter, or an atlas may be replaced by an atlas.
    """
    if out.is_dir():
        if not is_empty(out) and not (out / "manifest.json").is_file():
            raise WriteError(f"{out} holds files and is not an atlas: it is left as it is, name another directory")
    elif out.exists():
        raise WriteError(f"{out} is not a directory")
    return check_folder(out)


def beside(out: Path, role: str) -> Path:
    return out.parent / f".{out.name}.{role}"


def clear_up(out: Path) -> None:
    """What a killed run left: a half-written folder, or the old atlas between the two renames of `move_into_place`."""
    shutil.rmtree(beside(out, "writing"), ignore_errors=True)
    put_back(out)


def put_back(out: Path) -> None:
    """The old atlas, if the new one did not get into its place."""
    if beside(out, "old").exists() and not out.exists():
        beside(out, "old").rename(out)


def move_into_place(folder: Path, out: Path) -> None:
    """Two renames, so that `out` is the old atlas or the new one and never a mixture."""
    old = beside(out, "old")
    shutil.rmtree(old, ignore_errors=True)
    try:
        if out.exists():
            out.rename(old)
        folder.rename(out)
    finally:
        put_back(out)
    shutil.rmtree(old, ignore_errors=True)
