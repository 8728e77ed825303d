"""Unpacking of an archive into an atlas. Its contents are checked before and while it is written; nothing bad stays."""

import hashlib
import shutil
from collections import Counter
from pathlib import Path
from typing import BinaryIO
from zipfile import ZipInfo

from ne_core.atlas import Atlas
from ne_core.atlas.checks.atlas import check_listed
from ne_core.atlas.checks.manifest import brief
from ne_core.atlas.manifest import Manifest
from ne_core.atlas.read_manifest import MOST_BYTES, manifest_of
from ne_core.errors import AtlasError
from ne_core.sharing.archive.directory import read_directory
from ne_core.sharing.archive.entry import OnProgress, contents
from ne_core.sharing.atomic_write import check_target, new_atlas
from ne_core.sharing.destination import check_apart, destination

MANIFEST = "manifest.json"
MOST_RESTORED = 2**40  # bytes


def unpack(archive: Path, out: Path, on_progress: OnProgress | None = None) -> None:
    """Unpack `archive` as the directory `out`. Raises AtlasError in one line and leaves `out` as it was."""
    check_target(out)
    check_apart(out, archive)
    with open_archive(archive) as file:
        entries = read_directory(archive, file)
        text = manifest_in(archive, file, entries)
        manifest = manifest_of(archive / MANIFEST, text)
        check_listed(archive / MANIFEST, manifest)
        check_contents(archive, [entry for entry, _ in entries], manifest)
        check_disk_space(archive, out, sum(entry.file_size for entry, _ in entries))
        with new_atlas(out) as folder:
            restore(archive, file, entries[1:], manifest, folder, on_progress)
            (folder / MANIFEST).write_bytes(text)
            check_restored(archive, folder)


def open_archive(archive: Path) -> BinaryIO:
    """The archive, open for reading. Raises AtlasError."""
    try:
        return archive.open("rb")
    except OSError as error:
        raise AtlasError(f"{archive} cannot be read: {error.strerror}") from None


def manifest_in(archive: Path, file: BinaryIO, entries: list[tuple[ZipInfo, int]]) -> bytes:
    """Return the bytes of the first file, the manifest, which lists the others."""
    if not entries or entries[0][0].filename != MANIFEST:
        raise AtlasError(f"{archive} is no archive of an atlas: its first file is not {MANIFEST}")
    entry, start = entries[0]
    if entry.file_size > MOST_BYTES:
        raise AtlasError(f"{archive / MANIFEST} is longer than {MOST_BYTES} bytes: pack the atlas again")
    return b"".join(contents(archive, file, entry, start))


def check_contents(archive: Path, entries: list[ZipInfo], manifest: Manifest) -> None:
    """Raise AtlasError unless the archive holds the manifest and the files that it lists, once each, of the listed
    size.
    """
    sizes = {MANIFEST: entries[0].file_size, **{name: listed["size"] for name, listed in manifest.files.items()}}
    counts = Counter(entry.filename for entry in entries)
    for name, count in counts.items():
        if name not in sizes:
            raise AtlasError(f"{archive} holds {brief(name)}, which its manifest does not list: pack the atlas again")
        if count > 1:
            raise AtlasError(f"{archive} holds {name} {count} times: pack the atlas again")
    for name in sorted(sizes.keys() - counts.keys()):
        raise AtlasError(f"{archive} lacks {name}, which its manifest lists: pack the atlas again")
    for entry in entries:
        name, size = entry.filename, entry.file_size
        if size != sizes[name]:
            raise AtlasError(f"{archive} holds {size} bytes of {name}, its manifest says {sizes[name]}")


def check_disk_space(archive: Path, out: Path, size: int) -> None:
    """Raise AtlasError unless there is disk space for all of it."""
    place = next(folder for folder in destination(out).parents if folder.exists())
    free = shutil.disk_usage(place).free
    if size > min(free, MOST_RESTORED):
        limit = f"there are {free:,} free in {place}" if size > free else f"at most {MOST_RESTORED:,} are restored"
        raise AtlasError(f"{archive} unpacks to {size:,} bytes; {limit}")


def restore(
    archive: Path,
    file: BinaryIO,
    entries: list[tuple[ZipInfo, int]],
    manifest: Manifest,
    folder: Path,
    on_progress: OnProgress | None,
) -> None:
    """Write every file but the manifest, and check it against the manifest's checksum."""
    done, size = 0, sum(entry.file_size for entry, _ in entries)
    for entry, start in entries:
        path, sha256 = folder / entry.filename, hashlib.sha256()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as restored:
            for piece in contents(archive, file, entry, start):
                restored.write(piece)
                sha256.update(piece)
                done += len(piece)
                if on_progress:
                    on_progress(done, size)
        if sha256.hexdigest() != manifest.files[entry.filename].get("sha256"):
            raise AtlasError(f"{archive} holds another {entry.filename} than its manifest lists: pack the atlas again")


def check_restored(archive: Path, folder: Path) -> None:
    """Open the atlas as every reader does; errors name the archive, since the folder is deleted."""
    try:
        Atlas.open(folder)
    except AtlasError as error:
        raise AtlasError(str(error).replace(str(folder), str(archive))) from None
