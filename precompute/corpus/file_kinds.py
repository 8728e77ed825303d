"""File formats recognised by their first bytes, whatever the name: binary files read as text would be noise."""

from pathlib import Path

HEAD = 512  # bytes needed
TAR_AT = 257
CONTROL = frozenset(range(32)) - frozenset(b"\t\n\v\f\r\x1b")

# First bytes of formats. Printable ones, with which a text could begin, count only before a control character.
MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"\x1f\x9d", "compress (.Z)"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"PK\3\4", "zip"),
    (b"PK\5\6", "zip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\7", "rar"),
    (b"%PDF-", "PDF"),
    (b"{\\rtf", "RTF"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
    (b"PAR1", "parquet"),
    (b"ARROW1\0\0", "arrow"),
    (b"\xff\xff\xff\xff", "arrow"),
    (b"Obj\1", "avro"),
    (b"ORC", "ORC"),
    (b"SQLite format 3\0", "SQLite"),
    (b"\x89HDF\r\n\x1a\n", "HDF5"),
    (b"\x93NUMPY", "a numpy array"),
    (b"\x80\2", "a Python pickle"),
    (b"\x80\3", "a Python pickle"),
    (b"\x80\4", "a Python pickle"),
    (b"\x80\5", "a Python pickle"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"BM", "a BMP image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"RIFF", "a RIFF file of pictures or sound"),
    (b"OggS", "Ogg"),
    (b"ID3", "MP3"),
    (b"fLaC", "FLAC"),
    (b"\x7fELF", "an ELF program"),
    (b"\xcf\xfa\xed\xfe", "a Mach-O program"),
    (b"\xca\xfe\xba\xbe", "a Mach-O program or a Java class"),
    (b"MZ", "a Windows program"),
    (b"\0asm", "WebAssembly"),
    (b"\0\5\x16\7", "a macOS AppleDouble file (metadata of another file)"),
)
UNPACKED_BY = {
    "gzip": "gunzip",
    "compress (.Z)": "uncompress",
    "bzip2": "bunzip2",
    "xz": "unxz",
    "zstd": "unzstd",
    "lz4": "unlz4",
    "zip": "unzip",
    "7z": "7z x",
    "rar": "unrar x",
    "tar": "tar -xf",
}


def file_kind(head: bytes) -> str | None:
    """Return the format of a file that begins with `head`; None if it may be text."""
    for magic, kind in MAGIC:
        if head.startswith(magic) and (not is_printable(magic) or has_control(head)):
            return kind
    return "tar" if head[TAR_AT : TAR_AT + 5] == b"ustar" else None


def is_printable(magic: bytes) -> bool:
    return magic.isascii() and magic.decode("ascii").isprintable() and magic not in (b"%PDF-", b"{\\rtf")


def has_control(head: bytes) -> bool:
    return any(byte in CONTROL for byte in head)


def first_bytes(path: Path, n: int = HEAD) -> bytes:
    with path.open("rb") as file:
        return file.read(n)


def advice(kind: str, otherwise: str) -> str:
    """Return how to unpack a compressed file; `otherwise` for any other kind."""
    return f"unpack it first ({UNPACKED_BY[kind]})" if kind in UNPACKED_BY else otherwise
