"""Archives of a hostile or careless writer, made from the bytes of a valid one."""

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from hashlib import sha256

Member = tuple[zipfile.ZipInfo, bytes]
Craft = Callable[[bytes], bytes]  # maps the bytes of a valid archive to another one
CENTRAL, END = 46, 22  # sizes of a directory record before its name, and of the end record


def members(raw: bytes) -> list[Member]:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return [(info, archive.read(info)) for info in archive.infolist()]


def zipped(all_members: list[Member]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for info, data in all_members:
            archive.writestr(info, data)
    return file.getvalue()


def member(name: str, data: bytes = b"evil", form: int = zipfile.ZIP_STORED, attributes: int = 0) -> Member:
    """Return a member with exactly this name, which the library would normalise."""
    info = zipfile.ZipInfo("x")
    info.filename, info.compress_type, info.external_attr = name, form, attributes
    return info, data


def with_member(name: str, **options) -> Craft:
    return lambda raw: zipped([*members(raw), member(name, **options)])


def without_member(name: str) -> Craft:
    return lambda raw: zipped([each for each in members(raw) if each[0].filename != name])


def replace_member(name: str, data: bytes, **options) -> Craft:
    """Replace the contents of a file."""
    return lambda raw: zipped(
        [member(name, data, **options) if i.filename == name else (i, d) for i, d in members(raw)]
    )


def rewrite_member(name: str, **options) -> Craft:
    """Store the same file again with other options."""
    return lambda raw: replace_member(name, {i.filename: d for i, d in members(raw)}[name], **options)(raw)


def change_manifest(change: Callable[[dict], object]) -> Craft:
    """Apply `change` to the manifest."""

    def craft(raw: bytes) -> bytes:
        manifest = json.loads(members(raw)[0][1])
        change(manifest)
        return replace_member("manifest.json", json.dumps(manifest).encode("utf-8", "surrogatepass"))(raw)

    return craft


def with_listed_member(name: str, data: bytes = b"evil") -> Craft:
    """Add a file and its entry in the manifest."""
    entry = {"size": len(data), "sha256": sha256(data).hexdigest()}
    return chain(
        with_member(name, data=data), change_manifest(lambda manifest: manifest["files"].update({name: entry}))
    )


def chain(first: Craft, second: Craft) -> Craft:
    return lambda raw: second(first(raw))


def patch_header(name: str, local: int | None, central: int | None, form: str, value: int) -> Craft:
    """Overwrite a number in a file's local header, its directory record, or both, at these offsets."""

    def craft(raw: bytes) -> bytes:
        changed = bytearray(raw)
        if local is not None:
            struct.pack_into(form, changed, record_offsets(raw)[name][0] + local, value)
        if central is not None:
            struct.pack_into(form, changed, record_offsets(raw)[name][1] + central, value)
        return bytes(changed)

    return craft


def record_offsets(raw: bytes) -> dict[str, tuple[int, int]]:
    """Return the offset of each file's local header and of its directory record."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        offsets, offset = {}, archive.start_dir
        for info in archive.infolist():
            offsets[info.filename] = info.header_offset, offset
            offset += CENTRAL + len(info.filename.encode()) + len(info.extra) + len(info.comment)
    return offsets


def zip64_end(locator: int | None = None) -> Craft:
    """Use the end records of an archive of many gigabytes; `locator` is the stated offset of the larger one."""

    def craft(raw: bytes) -> bytes:
        n, size, directory = struct.unpack_from("<HII", raw, len(raw) - END + 10)
        larger = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, n, n, size, directory)
        pointer = struct.pack("<4sIQI", b"PK\6\7", 0, len(raw) - END if locator is None else locator, 1)
        return raw[:-END] + larger + pointer + raw[-END:]

    return craft


def with_trailing_bytes(name: str, junk: bytes) -> Craft:
    """Deflate a file and add bytes after its end, before the next file's header."""

    def craft(raw: bytes) -> bytes:
        data = {info.filename: data for info, data in members(raw)}[name]
        stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        changed = replace_member(name, stream.compress(data) + stream.flush() + junk)(raw)
        for local, central, form, value in (
            (8, 10, "<H", 8),
            (14, 16, "<I", zlib.crc32(data)),
            (22, 24, "<I", len(data)),
        ):
            changed = patch_header(name, local, central, form, value)(changed)
        return changed

    return craft


def patch_end(offset: int, form: str, value: int) -> Craft:
    """Overwrite a number in the end record."""

    def craft(raw: bytes) -> bytes:
        changed = bytearray(raw)
        struct.pack_into(form, changed, len(raw) - END + offset, value)
        return bytes(changed)

    return craft


def with_gap(junk: bytes) -> Craft:
    """Insert bytes between the files and the directory."""

    def craft(raw: bytes) -> bytes:
        (directory,) = struct.unpack_from("<I", raw, len(raw) - 6)
        return patch_end(16, "<I", directory + len(junk))(raw[:directory] + junk + raw[directory:])

    return craft
