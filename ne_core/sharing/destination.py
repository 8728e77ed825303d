"""Checks of an output path: everything that the last step needs is tried before the first, and fails in one line.

Renaming happens beside the real path: the target of a link, not the link.
"""

import os
import re
import stat
import tempfile
from pathlib import Path

from ne_core.errors import AtlasError

MOUNTS = Path("/proc/self/mountinfo")
STREAMS = ("/dev/", "/proc/")  # written to directly


class WriteError(AtlasError):
    """An output cannot be written; the message says why in one line."""


def destination(out: Path) -> Path:
    """Return the absolute path that `out` leads to, with every link resolved. Raises WriteError for a broken link."""
    check_links(out)
    path = os.path.realpath(out)
    try:
        os.fsencode(path).decode("utf-8")
    except UnicodeDecodeError:
        raise WriteError(f"{path!a} is not UTF-8: rename it, or name another --out") from None
    return Path(path)


def check_links(out: Path) -> None:
    """Raise WriteError for a broken link, at `out` or above: it may be to a disk that is not mounted."""
    here = Path(os.path.abspath(out))
    for part in (here, *here.parents):
        if part.is_symlink():
            try:
                part.stat()
            except FileNotFoundError:
                target = os.readlink(part)
                raise WriteError(
                    f"{part} is a link to {target}, which does not exist: create that, or name another path"
                ) from None
            except OSError as error:
                raise WriteError(f"{part} is a broken link ({error.strerror}): name another path") from None


def check_folder(out: Path) -> Path:
    """Return the real path of a folder that will be put there by renaming, once that was tried. Raises WriteError."""
    place = destination(out)
    if place.is_dir():
        check_movable(out, place)
    check_writable(out, place)
    return place


def check_file(out: Path) -> Path:
    """Return the real path of a file that will be put there by renaming, once that was tried. Raises WriteError."""
    if out.is_dir():
        raise WriteError(f"{out} is a directory: name a file")
    if out.exists() and not out.is_file():
        raise WriteError(f"{out} is not a regular file: name another file")
    place = destination(out)
    check_writable(out, place)
    return place


def check_apart(out: Path, *inputs: str | Path | None) -> None:
    """Raise WriteError if an input is inside the output folder: it would be deleted with the old folder."""
    place = destination(out)
    for path in inputs:
        if path and os.path.exists(path) and is_within(Path(os.path.realpath(path)), place):
            raise WriteError(f"{path} is inside {out}, which the new atlas would replace: name another --out")


def is_within(path: Path, folder: Path) -> bool:
    """Return whether the path is the folder or inside it."""
    return folder in (path, *path.parents)


def check_movable(out: Path, place: Path) -> None:
    """Raise WriteError if the folder at `place` cannot be renamed."""
    if os.path.ismount(place) or str(place) in mount_points():
        raise WriteError(f"{out} is a mount point, which cannot be replaced: name a directory inside it")
    parent = place.parent.stat()
    if parent.st_mode & stat.S_ISVTX and os.geteuid() not in (0, parent.st_uid, place.stat().st_uid):
        raise WriteError(f"{out} belongs to another user and cannot be replaced: name another --out")


def mount_points() -> set[str]:
    """Return Linux's mount points, bind mounts included; an empty set on other systems."""
    if not MOUNTS.exists():
        return set()
    points = (line.split()[4] for line in MOUNTS.read_text(errors="surrogateescape").splitlines())
    return {re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), point) for point in points}


def check_writable(out: Path, place: Path) -> None:
    """Create, fill and rename a folder where the result will be created, or in the nearest existing folder above."""
    parent = next(above for above in (*place.parents, place) if os.path.lexists(above))
    trial_folder = None
    try:
        trial_folder = tempfile.mkdtemp(prefix=f".{place.name}.", dir=parent)
        (Path(trial_folder) / "trial").write_bytes(b"trial")
        os.rename(trial_folder, f"{trial_folder}~")
        trial_folder = f"{trial_folder}~"
    except OSError as error:
        raise WriteError(f"{out} cannot be written ({error.strerror or error}): name another --out") from None
    finally:
        remove(trial_folder)


def remove(folder: str | None) -> None:
    """Remove a folder that was made for a trial."""
    if folder is not None:
        (Path(folder) / "trial").unlink(missing_ok=True)
        os.rmdir(folder)
