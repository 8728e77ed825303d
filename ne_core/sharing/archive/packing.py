"""An atlas becomes one file: the manifest, then the files that it lists; of the same atlas always the same bytes."""

import hashlib
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ne_core.errors import AtlasError
from ne_core.sharing.archive.entry import PIECE, Told
from ne_core.sharing.archive.selection import selected
from ne_core.sharing.atomic_write import new_file
from ne_core.sharing.destination import check_file

WORTH_IT = 0.9  # a file is deflated whose first piece becomes less than this share: the rest takes time for nothing


def pack(root: Path, out: Path, inputs: bool = True, said: Told | None = None) -> int:
    """The atlas in `root` as the archive `out`; the bytes that this has. Raises AtlasError in one line.

    Without `inputs` it is the archive of an atlas that was built without them.
    """
    if root.resolve() in check_file(out).parents:
        raise AtlasError(f"{out} is inside the atlas, which holds its own files only: name a file elsewhere")
    chosen, done = selected(root, inputs), 0
    with new_file(out) as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr(plain("manifest.json", zipfile.ZIP_DEFLATED), chosen.text)
        for name, entry in chosen.files.items():
            for piece in added(archive, root / name, name, entry):
                done += len(piece)
                if said:
                    said(done, chosen.manifest.size)
    return out.stat().st_size


def plain(name: str, form: int) -> zipfile.ZipInfo:
    """A regular file that everyone may read, of no date, as any system would write it."""
    info = zipfile.ZipInfo(name)
    info.compress_type, info.create_system = form, 3
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    return info


def added(archive: zipfile.ZipFile, path: Path, name: str, entry: dict) -> Iterator[bytes]:
    """The file's pieces as they are packed. It was verified: that it is the same still is asked of what was packed."""
    sha256 = hashlib.sha256()
    with path.open("rb") as file:
        info = plain(name, form_of(file))
        info.file_size = entry["size"]  # so that large ones get the fields they need
        with archive.open(info, "w") as packed:
            while piece := file.read(PIECE):
                sha256.update(piece)
                packed.write(piece)
                yield piece
    if sha256.hexdigest() != entry["sha256"]:
        raise AtlasError(f"{path} has changed while it was packed: pack the atlas again")


def form_of(file: BinaryIO) -> int:
    """Deflated where that saves something."""
    first = file.read(PIECE)
    file.seek(0)
    return zipfile.ZIP_DEFLATED if len(zlib.compress(first)) < WORTH_IT * len(first) else zipfile.ZIP_STORED
