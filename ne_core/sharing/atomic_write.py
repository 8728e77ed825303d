"""Atomic writes: an output appears at its path only once it is complete; until then the old one stays."""

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
    """Yield a folder to write into, which becomes `out` when the block succeeds; the old `out` stays until then.

    Raises WriteError.
    """
    out = check_target(out)
    folder = sibling_path(out, "writing")
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
    """Yield a file to write, which becomes `out` when the block succeeds; the old `out` stays until then.

    Raises WriteError.
    """
    target = check_file(out)
    temporary = sibling_path(target, "writing")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            yield file
        temporary.replace(target)
    except OSError as error:
        raise WriteError(f"{out} cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):  # it may not have been created
            temporary.unlink()


def check_output(out: Path) -> None:
    """Raise WriteError if `write_output` would fail."""
    if is_stream(out):
        return
    if not out.parent.is_dir():
        raise WriteError(f"{out}: there is no folder {out.parent}: create it, or name another file")
    check_file(out)


def write_output(out: Path, content: bytes) -> None:
    """Write a whole file, or the same bytes into a device or pipe."""
    if is_stream(out):
        out.write_bytes(content)
        return
    with new_file(out) as file:
        file.write(content)


def is_stream(out: Path) -> bool:
    """Return whether the path is a pipe or a device, which is written to directly."""
    return out.exists() and not out.is_dir() and (str(out).startswith(STREAMS) or not out.is_file())


def check_target(out: Path) -> Path:
    """Return the path that `out` resolves to, if an atlas can be written there. Raises WriteError.

    An atlas replaces nothing but an atlas or a directory that is empty apart from system files.
    """
    if out.is_dir():
        if not is_empty(out) and not (out / "manifest.json").is_file():
            raise WriteError(f"{out} holds files and is not an atlas: it is left as it is, name another directory")
    elif out.exists():
        raise WriteError(f"{out} is not a directory")
    return check_folder(out)


def sibling_path(out: Path, role: str) -> Path:
    """A hidden path beside another, for a role such as “writing”."""
    return out.parent / f".{out.name}.{role}"


def clear_up(out: Path) -> None:
    """Remove what a killed run left: a half-written folder; restore the old atlas if neither is in place."""
    shutil.rmtree(sibling_path(out, "writing"), ignore_errors=True)
    put_back(out)


def put_back(out: Path) -> None:
    """Restore the old atlas if the new one is not in place."""
    if sibling_path(out, "old").exists() and not out.exists():
        sibling_path(out, "old").rename(out)


def move_into_place(folder: Path, out: Path) -> None:
    """Rename twice, so that `out` is the old atlas or the new one, never a mixture."""
    old = sibling_path(out, "old")
    shutil.rmtree(old, ignore_errors=True)
    try:
        if out.exists():
            out.rename(old)
        folder.rename(out)
    finally:
        put_back(out)
    shutil.rmtree(old, ignore_errors=True)
