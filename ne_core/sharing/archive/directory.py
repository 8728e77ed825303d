"""Directory of a zip file, read strictly: readers of zip files differ in what they accept.

A plain archive is its files, one after the other from the first byte on, its directory, and its end record. `zipfile`
reads the directory, once the end record has given its size; it would skip bytes before, between or after these.
"""

from pathlib import Path
from struct import Struct
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from ne_core.errors import AtlasError
from ne_core.sharing.archive.entry import check_plain, data_range

MOST_ENTRIES = 2**16
MOST_DIRECTORY = 2**24  # bytes
END = Struct("<4sHHHHIIH")  # mark, disks: this, directory's, entries: here, all, directory: size, position, comment
END64 = Struct("<4sQHHIIQQQQ")  # mark, size of this record, versions: by, needed, then as above
LOCATOR = Struct("<4sIQI")  # mark, disk, position of END64, disks


def read_directory(path: Path, file: BinaryIO) -> list[tuple[ZipInfo, int]]:
    """Return every file of the archive in order, with the position of its bytes. Raises AtlasError."""
    length = file.seek(0, 2)
    n_entries, size, directory_position = end_of_archive(path, file, length)
    if n_entries > MOST_ENTRIES or size > MOST_DIRECTORY:
        raise AtlasError(f"{path} claims to hold {n_entries} files; an atlas has at most {MOST_ENTRIES}")
    files, next_position = [], 0
    for entry in entries(path, file, n_entries):
        check_plain(path, entry)
        if entry.header_offset != next_position:
            raise AtlasError(f"{path} has overlapping files, or other data between them: pack the atlas again")
        start, next_position = data_range(path, file, entry, directory_position)
        files.append((entry, start))
    if next_position != directory_position:
        raise AtlasError(f"{path} has other data between its files and its directory: pack the atlas again")
    return files


def end_of_archive(path: Path, file: BinaryIO, length: int) -> tuple[int, int, int]:
    """Return the number of files, the size of the directory, and its position, directly before the end record."""
    end = length - END.size
    mark, disk, first_disk, here, n_entries, size, position, n_comment = record(file, END, end)
    if mark != b"PK\5\6" or n_comment:
        raise AtlasError(f"{path} is no archive of an atlas, or an incomplete one: it does not end as a zip file does")
    locator = record(file, LOCATOR, end - LOCATOR.size)
    if locator[0] == b"PK\6\7":
        end -= LOCATOR.size + END64.size
        mark, _, _, _, disk, first_disk, here, n_entries, size, position = record(file, END64, end)
        if mark != b"PK\6\6" or locator[2] != end:
            raise AtlasError(f"{path} has no end record that locates its directory: it is broken")
    if disk or first_disk or here != n_entries or position + size != end:
        raise AtlasError(f"{path} has no directory at the position that it records: it is broken")
    return n_entries, size, position


def record(file: BinaryIO, layout: Struct, position: int) -> tuple:
    """Read the numbers at a position; zeros where the file has no such position."""
    if position < 0:
        return layout.unpack(bytes(layout.size))
    file.seek(position)
    return layout.unpack(file.read(layout.size).ljust(layout.size, b"\0"))


def entries(path: Path, file: BinaryIO, n_entries: int) -> list[ZipInfo]:
    """Return exactly as many entries as the archive claims."""
    try:
        listed = ZipFile(file).infolist()
    except (BadZipFile, NotImplementedError, UnicodeDecodeError):
        raise AtlasError(f"{path} has a directory that cannot be read: it is broken") from None
    if len(listed) < n_entries:
        raise AtlasError(f"{path} has a directory of fewer files than it claims: it is broken")
    if len(listed) > n_entries:
        raise AtlasError(f"{path} has a directory of more files than it claims: it is broken")
    return listed
