"""Compressed files as streams of bytes: gzip, zstd and xz, by the ending of the name, a bounded block at a time.

A small file can expand without end. Beyond FREE bytes, a file that expands more than MOST times is refused.
"""

import gzip
import io
import lzma
import zlib
from pathlib import PurePath
from typing import Protocol, runtime_checkable

ENDINGS = {".gz": "gzip", ".zst": "zstd", ".xz": "xz"}
FREE = 2**26  # bytes, of any file
MOST = 250  # times; texts expand some 3 to 20 times
XZ_MEMORY = 2**28  # bytes of a decoder; `xz -9` needs 65 MB
BLOCK = 2**16


@runtime_checkable
class Readable(Protocol):
    """Bytes that are read from the front."""

    def read(self, n: int, /) -> bytes:
        """Return at most `n` bytes, none at the end."""

    def close(self) -> None:
        """Close the file."""


def compression(name: str) -> str | None:
    """Return the compression of a file by its name; None without one."""
    return ENDINGS.get(PurePath(name).suffix.lower())


def uncompressed_name(name: str) -> str:
    """Return the name without the ending of its compression."""
    return name[: -len(PurePath(name).suffix)] if compression(name) else name


class Expanded(io.RawIOBase):
    """Content of a compressed file. Reading raises ValueError, in one line, if it is damaged or expands too far."""

    def __init__(self, raw: Readable, kind: str, label: str):
        self.counted, self.kind, self.label, self.n_out = Counted(raw), kind, label, 0
        self.content = OPENED[kind](self.counted)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        block = self.block(len(buffer))
        buffer[: len(block)] = block
        return len(block)

    def block(self, n: int) -> bytes:
        try:
            block = self.content.read(n)
        except OSError as error:
            if error.errno is not None:  # of the disk, not of the decoder
                raise
            raise self.damaged(error) from error
        except (EOFError, zlib.error, lzma.LZMAError, ValueError) as error:
            raise self.damaged(error) from error
        self.n_out += len(block)
        if self.n_out > FREE and self.n_out > MOST * self.counted.n:
            raise ValueError(
                f"{self.label}: it expands to more than {FREE:,} bytes and {MOST} times its size: unpack it yourself "
                "if it should"
            )
        return block

    def damaged(self, error: Exception) -> ValueError:
        return ValueError(f"{self.label}: not a whole {self.kind} file ({str(error).splitlines()[0]})")

    def close(self) -> None:
        self.counted.close()
        super().close()


class Counted(io.RawIOBase):
    """A file, counting the bytes that are read."""

    def __init__(self, raw: Readable):
        self.raw, self.n = raw, 0

    def readable(self) -> bool:
        return True

    def read(self, n: int = -1) -> bytes:
        block = self.raw.read(n)
        self.n += len(block)
        return block

    def readinto(self, buffer) -> int:
        block = self.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        self.raw.close()
        super().close()


class Xz:
    """Content of an xz file, of any number of streams, by decoders of bounded memory (LZMAFile has no bound)."""

    def __init__(self, raw: Counted):
        self.raw, self.decoder, self.ahead = raw, new_decoder(), b""

    def read(self, n: int) -> bytes:
        while True:
            if self.decoder.eof and not self.next_stream():
                return b""
            block = self.decoder.decompress(self.input_block(), n)
            if block:
                return block

    def input_block(self) -> bytes:
        """Return what the decoder reads next; nothing while it has output left."""
        if not self.decoder.needs_input:
            return b""
        block, self.ahead = self.ahead or self.raw.read(BLOCK), b""
        if not block:
            raise EOFError("it ends early")
        return block

    def next_stream(self) -> bool:
        """Return whether another stream follows, and prepare its decoder; NUL bytes between streams are padding."""
        ahead = self.decoder.unused_data.lstrip(b"\0")
        while not ahead:
            block = self.raw.read(BLOCK)
            if not block:
                return False
            ahead = block.lstrip(b"\0")
        self.ahead, self.decoder = ahead, new_decoder()
        return True


def new_decoder() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY)


def open_zstd(raw: Counted):
    import pyarrow as pa

    return pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd")


OPENED = {"gzip": lambda raw: gzip.GzipFile(fileobj=raw), "zstd": open_zstd, "xz": Xz}
