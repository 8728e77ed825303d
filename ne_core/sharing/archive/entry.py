"""One file in an archive: what its header must agree with, and its bytes, as many as it says and no more."""

import stat
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from struct import Struct
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipInfo

from ne_core.atlas.checks.manifest import brief
from ne_core.errors import AtlasError

ENCRYPTED, HOW_DEFLATED, UTF8 = 1, 0b110, 1 << 11  # bits of the flags; how well it was deflated does not matter
FOLDER = 0x10  # bit of the attributes that every system writes
FULL = 0xFFFFFFFF  # in place of a number that stands in the ZIP64 field
ZIP64 = 1
PIECE = 2**20  # bytes at a time
Told = Callable[[int, int], None]  # bytes done, bytes in all
LOCAL = Struct("<4sHHHHHIIIHH")  # mark, version, flags, method, time, date, crc, packed, size, lengths: name, extra


def check_plain(path: Path, entry: ZipInfo) -> None:
    """A regular file that can be read with nothing but the archive."""
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG) or entry.external_attr & FOLDER or entry.filename.endswith("/"):
        raise AtlasError(f"{path} holds {brief(entry.filename)}, which is no regular file: pack the atlas again")
    if entry.flag_bits & ENCRYPTED:
        raise AtlasError(f"{path} holds {brief(entry.filename)} encrypted: pack the atlas again")
    if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED) or entry.flag_bits & ~(HOW_DEFLATED | UTF8):
        raise AtlasError(f"{path} holds {brief(entry.filename)} in a form other than stored or deflated: pack it again")
    if entry.compress_type == ZIP_STORED and entry.compress_size != entry.file_size:
        sizes = f"{entry.compress_size} and {entry.file_size}"
        raise AtlasError(f"{path} gives {brief(entry.filename)} two sizes, {sizes}: pack it again")


def end_of(path: Path, file: BinaryIO, entry: ZipInfo, room: int) -> tuple[int, int]:
    """Where its bytes begin and end, before `room` ends, once its own header has said the same as the directory."""
    file.seek(entry.header_offset)
    raw = file.read(LOCAL.size)
    if len(raw) == LOCAL.size and raw.startswith(b"PK\3\4"):
        _, _, flags, method, _, _, crc, packed, size, n_name, n_extra = LOCAL.unpack(raw)
        name, extra = file.read(n_name), file.read(n_extra)
        size, packed = wide(extra, size, packed)
        before = (name.decode("utf-8", "replace"), flags, method, crc, packed, size)
        listed = (entry.filename, entry.flag_bits, entry.compress_type, entry.CRC, entry.compress_size, entry.file_size)
        begin = entry.header_offset + LOCAL.size + n_name + n_extra
        if before == listed and begin + packed <= room:
            return begin, begin + packed
    raise AtlasError(f"{path} says two things of {brief(entry.filename)}, one in its directory and one before it")


def wide(extra: bytes, *numbers: int) -> list[int]:
    """The numbers, those that are too large for their place taken from the ZIP64 field, where they stand in order."""
    at, found = 0, b""
    while at + 4 <= len(extra):
        kind, length = Struct("<HH").unpack_from(extra, at)
        found = extra[at + 4 : at + 4 + length] if kind == ZIP64 else found
        at += 4 + length
    more = iter(Struct("<Q").iter_unpack(found[: len(found) // 8 * 8]))
    return [next(more, (n,))[0] if n == FULL else n for n in numbers]


def contents(path: Path, file: BinaryIO, entry: ZipInfo, begin: int) -> Iterator[bytes]:
    """Its bytes in pieces. Raises AtlasError as soon as they are more than it says, at the end if they are others."""
    file.seek(begin)
    done = crc = 0
    try:
        for piece in (inflated if entry.compress_type == ZIP_DEFLATED else stored)(file, entry.compress_size):
            done, crc = done + len(piece), zlib.crc32(piece, crc)
            if done > entry.file_size:
                break
            yield piece
    except zlib.error:
        done = -1
    if (done, crc) != (entry.file_size, entry.CRC):
        raise AtlasError(
            f"{path} is broken: it does not hold the {entry.file_size} bytes of {brief(entry.filename)} that it says"
        )


def stored(file: BinaryIO, left: int) -> Iterator[bytes]:
    while left and (piece := file.read(min(left, PIECE))):
        left -= len(piece)
        yield piece


def inflated(file: BinaryIO, left: int) -> Iterator[bytes]:
    """Never more than a piece at a time, however much a few bytes would become."""
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
