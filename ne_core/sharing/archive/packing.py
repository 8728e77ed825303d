"""Packing of an atlas into one file, its manifest first; the same atlas always gives the same bytes."""

import hashlib
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ne_core.errors import AtlasError
from ne_core.sharing.archive.entry import PIECE, OnProgress
from ne_core.sharing.archive.selection import select_files
from ne_core.sharing.atomic_write import new_file
from ne_core.sharing.destination import check_file

WORTH_IT = 0.9  # a file is deflated if its first piece shrinks below this share


def pack(root: Path, out: Path, inputs: bool = True, on_progress: OnProgress | None = None) -> int:
    """Pack the atlas in `root` as the archive `out`; returns its size in bytes. Raises AtlasError in one line.

    Without `inputs` it is the archive of an atlas that was built without them.
    """
    if root.resolve() in check_file(out).parents:
        raise AtlasError(f"{out} is inside the atlas: name a file in another folder")
    selection, done = select_files(root, inputs), 0
    with new_file(out) as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zip_info("manifest.json", zipfile.ZIP_DEFLATED), selection.text)
        for name, entry in selection.files.items():
            for piece in added_pieces(archive, root / name, name, entry):
                done += len(piece)
                if on_progress:
                    on_progress(done, selection.manifest.size)
    return out.stat().st_size


def zip_info(name: str, compression: int) -> zipfile.ZipInfo:
    """Return the header of a regular file, readable by everyone and without a date, the same on any system."""
    info = zipfile.ZipInfo(name)
    info.compress_type, info.create_system = compression, 3
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    return info


def added_pieces(archive: zipfile.ZipFile, path: Path, name: str, entry: dict) -> Iterator[bytes]:
    """Add a verified file, yielding its pieces as they are packed. Raises AtlasError if it has changed since."""
    sha256 = hashlib.sha256()
    with path.open("rb") as file:
        info = zip_info(name, compression_of(file))
        info.file_size = entry["size"]  # makes zipfile add ZIP64 fields to large ones
        with archive.open(info, "w") as packed:
            while piece := file.read(PIECE):
                sha256.update(piece)
                packed.write(piece)
                yield piece
    if sha256.hexdigest() != entry["sha256"]:
        raise AtlasError(f"{path} has changed while it was packed: pack the atlas again")


def compression_of(file: BinaryIO) -> int:
    """Return ZIP_DEFLATED if that saves space, else ZIP_STORED."""
    first = file.read(PIECE)
    file.seek(0)
    return zipfile.ZIP_DEFLATED if len(zlib.compress(first)) < WORTH_IT * len(first) else zipfile.ZIP_STORED
