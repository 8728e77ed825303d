"""What a zip file says that it holds, and where: read strictly, since what one reader overlooks another one follows.

A plain archive is its files, one after the other from the first byte on, its directory, and its end. `zipfile` reads
the directory, once the end has said how large that is; it would pass over what stands before, between or after these.
"""

from pathlib import Path
from struct import Struct
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from ne_core.errors import AtlasError
from ne_core.sharing.archive.entry import check_plain, end_of

MOST_ENTRIES = 2**16
MOST_DIRECTORY = 2**24  # bytes
END = Struct("<4sHHHHIIH")  # mark, disks: this, directory's, entries: here, all, directory: size, at, length of comment
END64 = Struct("<4sQHHIIQQQQ")  # mark, own size, versions: by, needed, then as above
LOCATOR = Struct("<4sIQI")  # mark, disk, where END64 is, disks


def read_directory(path: Path, file: BinaryIO) -> list[tuple[ZipInfo, int]]:
    """Every file of the archive in order, and where its bytes begin."""
    length = file.seek(0, 2)
    n_entries, size, at = end_of_archive(path, file, length)
    if n_entries > MOST_ENTRIES or size > MOST_DIRECTORY:
        raise AtlasError(f"{path} says that it holds {n_entries} files; an atlas has at most {MOST_ENTRIES}")
    found, next_at = [], 0
    for entry in entries(path, file, n_entries):
        check_plain(path, entry)
        if entry.header_offset != next_at:
            raise AtlasError(f"{path} has files that overlap, or something between them: pack the atlas again")
        begin, next_at = end_of(path, file, entry, at)
        found.append((entry, begin))
    if next_at != at:
        raise AtlasError(f"{path} has something between its files and its directory: pack the atlas again")
    return found


def end_of_archive(path: Path, file: BinaryIO, length: int) -> tuple[int, int, int]:
    """How many files there are, the size of the directory, and where it begins: right before the end."""
    end = length - END.size
    mark, disk, first_disk, here, n_entries, size, at, n_comment = record(file, END, end)
    if mark != b"PK\5\6" or n_comment:
        raise AtlasError(f"{path} is no archive of an atlas, or a part of one: it does not end as a zip file does")
    locator = record(file, LOCATOR, end - LOCATOR.size)
    if locator[0] == b"PK\6\7":
        end -= LOCATOR.size + END64.size
        mark, _, _, _, disk, first_disk, here, n_entries, size, at = record(file, END64, end)
        if mark != b"PK\6\6" or locator[2] != end:
            raise AtlasError(f"{path} has no end that says where its directory is: it is broken")
    if disk or first_disk or here != n_entries or at + size != end:
        raise AtlasError(f"{path} says that its directory is where it is not: it is broken")
    return n_entries, size, at


def record(file: BinaryIO, of: Struct, at: int) -> tuple:
    """The numbers at a place; zeros where the file has no such place."""
    if at < 0:
        return of.unpack(bytes(of.size))
    file.seek(at)
    return of.unpack(file.read(of.size).ljust(of.size, b"\0"))


def entries(path: Path, file: BinaryIO, n_entries: int) -> list[ZipInfo]:
    """As many as the archive says, and nothing after them."""
    try:
        found = ZipFile(file).infolist()
    except (BadZipFile, NotImplementedError, UnicodeDecodeError):
        raise AtlasError(f"{path} has a directory that cannot be read: it is broken") from None
    if len(found) < n_entries:
        raise AtlasError(f"{path} has a directory of fewer files than it says: it is broken")
    if len(found) > n_entries:
        raise AtlasError(f"{path} has a directory of more than its files: it is broken")
    return found
