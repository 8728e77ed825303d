"""One file in an archive: checks of its header, and its bytes, exactly as many as recorded."""

import stat
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from struct import Struct
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipInfo

from ne_core.atlas.checks.manifest import brief
from ne_core.errors import AtlasError

ENCRYPTED, HOW_DEFLATED, UTF8 = 1, 0b110, 1 << 11  # bits of the flags; the deflate level does not matter
FOLDER = 0x10  # bit of the attributes on every system
FULL = 0xFFFFFFFF  # placeholder of a number that is in the ZIP64 field
ZIP64 = 1
PIECE = 2**20  # bytes at a time
OnProgress = Callable[[int, int], None]  # bytes done, bytes in all
LOCAL = Struct("<4sHHHHHIIIHH")  # mark, version, flags, method, time, date, crc, packed, size, lengths: name, extra


def check_plain(path: Path, entry: ZipInfo) -> None:
    """Raise AtlasError unless the entry is a regular file that needs nothing but the archive."""
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG) or entry.external_attr & FOLDER or entry.filename.endswith("/"):
        raise AtlasError(f"{path} holds {brief(entry.filename)}, which is no regular file: pack the atlas again")
    if entry.flag_bits & ENCRYPTED:
        raise AtlasError(f"{path} holds {brief(entry.filename)} encrypted: pack the atlas again")
    if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED) or entry.flag_bits & ~(HOW_DEFLATED | UTF8):
        raise AtlasError(f"{path} holds {brief(entry.filename)} in a form other than stored or deflated: pack it again")
    if entry.compress_type == ZIP_STORED and entry.compress_size != entry.file_size:
        sizes = f"{entry.compress_size} and {entry.file_size}"
        raise AtlasError(f"{path} records two sizes of {brief(entry.filename)}, {sizes}: pack it again")


def data_range(path: Path, file: BinaryIO, entry: ZipInfo, limit: int) -> tuple[int, int]:
    """Return where an entry's bytes start and end, before `limit`, if its own header agrees with the directory.

    Raises AtlasError otherwise.
    """
    file.seek(entry.header_offset)
    raw = file.read(LOCAL.size)
    if len(raw) == LOCAL.size and raw.startswith(b"PK\3\4"):
        _, _, flags, method, _, _, crc, packed, size, n_name, n_extra = LOCAL.unpack(raw)
        name, extra = file.read(n_name), file.read(n_extra)
        size, packed = zip64_sizes(extra, size, packed)
        header = (name.decode("utf-8", "replace"), flags, method, crc, packed, size)
        listed = (entry.filename, entry.flag_bits, entry.compress_type, entry.CRC, entry.compress_size, entry.file_size)
        start = entry.header_offset + LOCAL.size + n_name + n_extra
        if header == listed and start + packed <= limit:
            return start, start + packed
    raise AtlasError(f"{path} has a header of {brief(entry.filename)} that disagrees with its directory: it is broken")


def zip64_sizes(extra: bytes, *numbers: int) -> list[int]:
    """Return the numbers, replacing those that are too large for their field by the ZIP64 field's, in order."""
    position, values = 0, b""
    while position + 4 <= len(extra):
        kind, length = Struct("<HH").unpack_from(extra, position)
        values = extra[position + 4 : position + 4 + length] if kind == ZIP64 else values
        position += 4 + length
    large_numbers = iter(Struct("<Q").iter_unpack(values[: len(values) // 8 * 8]))
    return [next(large_numbers, (n,))[0] if n == FULL else n for n in numbers]


def contents(path: Path, file: BinaryIO, entry: ZipInfo, start: int) -> Iterator[bytes]:
    """Yield the bytes in pieces. Raises AtlasError as soon as there are more than recorded, or if they differ."""
    file.seek(start)
    done = crc = 0
    try:
        pieces = inflated_pieces if entry.compress_type == ZIP_DEFLATED else stored_pieces
        for piece in pieces(file, entry.compress_size):
            done, crc = done + len(piece), zlib.crc32(piece, crc)
            if done > entry.file_size:
                break
            yield piece
    except zlib.error:
        done = -1
    if (done, crc) != (entry.file_size, entry.CRC):
        raise AtlasError(
            f"{path} is broken: it does not hold the {entry.file_size} bytes of {brief(entry.filename)} that it records"
        )


def stored_pieces(file: BinaryIO, left: int) -> Iterator[bytes]:
    """The bytes of an entry that is not compressed, in pieces."""
    while left and (piece := file.read(min(left, PIECE))):
        left -= len(piece)
        yield piece


def inflated_pieces(file: BinaryIO, left: int) -> Iterator[bytes]:
    """Inflate at most a piece at a time, whatever the compression ratio."""
    inflate, raw = zlib.decompressobj(-zlib.MAX_WBITS), b""
    while not inflate.eof:
        if not raw:
            raw = file.read(min(left, PIECE))
            left -= len(raw)
        ended = not raw
        piece = inflate.decompress(raw, PIECE)
        raw = inflate.unconsumed_tail
        if piece:
            yield piece
        elif ended:
            raise zlib.error("cut short")
    if left or raw or inflate.unused_data:
        raise zlib.error("more than the file")
