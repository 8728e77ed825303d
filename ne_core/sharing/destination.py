"""Where a result goes: everything that its last step needs is tried before the first, and said in one line.

Renaming happens beside the place itself: where a link leads, not where the link stands.
"""

import os
import re
import stat
import tempfile
from pathlib import Path

from ne_core.errors import AtlasError

MOUNTS = Path("/proc/self/mountinfo")
STREAMS = ("/dev/", "/proc/")  # what is written to as it is


class WriteError(AtlasError):
    """The atlas cannot be written; the message says why in one line."""


def destination(out: Path) -> Path:
    """The place that `out` leads to: absolute, every link followed. Raises WriteError where it leads nowhere."""
    check_links(out)
    place = os.path.realpath(out)
    try:
        os.fsencode(place).decode("utf-8")
    except UnicodeDecodeError:
        raise WriteError(f"{place!a} is not UTF-8: rename it, or name another --out") from None
    return Path(place)


def check_links(out: Path) -> None:
    """A link that leads nowhere, here or above, may be to a disk that is not mounted: nothing is made in its place."""
    here = Path(os.path.abspath(out))
    for part in (here, *here.parents):
        if part.is_symlink():
            try:
                part.stat()
            except FileNotFoundError:
                target = os.readlink(part)
                raise WriteError(
                    f"{part} is a link to {target}, which is not there: make that, or name another"
                ) from None
            except OSError as error:
                raise WriteError(f"{part} is a link that leads nowhere ({error.strerror}): name another") from None


def check_folder(out: Path) -> Path:
    """The place of a folder that will be put there by renaming, once that was tried. Raises WriteError."""
    place = destination(out)
    if place.is_dir():
        check_movable(out, place)
    check_writable(out, place)
    return place


def check_file(out: Path) -> Path:
    """The place of a file that will be put there by renaming, once that was tried. Raises WriteError."""
    if out.is_dir():
        raise WriteError(f"{out} is a directory: name a file")
    if out.exists() and not out.is_file():
        raise WriteError(f"{out} is not a regular file: name another")
    place = destination(out)
    check_writable(out, place)
    return place


def check_apart(out: Path, *read: str | Path | None) -> None:
    """What is read may not lie in a folder that is replaced: it would go with what stood there. Raises WriteError."""
    place = destination(out)
    for path in read:
        if path and os.path.exists(path) and is_within(Path(os.path.realpath(path)), place):
            raise WriteError(f"{path} is inside {out}, whose place the new atlas would take: name another --out")


def is_within(path: Path, folder: Path) -> bool:
    return folder in (path, *path.parents)


def check_movable(out: Path, place: Path) -> None:
    """What stands there must be able to make room."""
    if os.path.ismount(place) or str(place) in mount_points():
        raise WriteError(f"{out} is a mount point, which cannot be replaced: name a directory inside it")
    parent = place.parent.stat()
    if parent.st_mode & stat.S_ISVTX and os.geteuid() not in (0, parent.st_uid, place.stat().st_uid):
        raise WriteError(f"{out} is another user's and cannot be replaced: name another --out")


def mount_points() -> set[str]:
    """As Linux lists them, those of a folder bound to another place among them; none elsewhere."""
    if not MOUNTS.exists():
        return set()
    points = (line.split()[4] for line in MOUNTS.read_text(errors="surrogateescape").splitlines())
    return {re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), point) for point in points}


def check_writable(out: Path, place: Path) -> None:
    """Make, fill and rename a folder where the result will be made, or in the nearest folder above that is there."""
    folder = next(above for above in (*place.parents, place) if os.path.lexists(above))
    made = None
    try:
        made = tempfile.mkdtemp(prefix=f".{place.name}.", dir=folder)
        (Path(made) / "trial").write_bytes(b"trial")
        os.rename(made, f"{made}~")
        made = f"{made}~"
    except OSError as error:
        raise WriteError(f"{out} cannot be written ({error.strerror or error}): name another --out") from None
    finally:
        remove(made)


def remove(folder: str | None) -> None:
    if folder is not None:
        (Path(folder) / "trial").unlink(missing_ok=True)
        os.rmdir(folder)
