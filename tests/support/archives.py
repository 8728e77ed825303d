"""Archives as a hostile or careless writer would leave them, made from the bytes of a good one."""

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from hashlib import sha256

Member = tuple[zipfile.ZipInfo, bytes]
Craft = Callable[[bytes], bytes]  # a good archive in, another one out
CENTRAL, END = 46, 22  # bytes of a record in the directory before the name, and of the end


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
    """The name as it is given, which the library would tidy."""
    info = zipfile.ZipInfo("x")
    info.filename, info.compress_type, info.external_attr = name, form, attributes
    return info, data


def with_member(name: str, **how) -> Craft:
    return lambda raw: zipped([*members(raw), member(name, **how)])


def without(name: str) -> Craft:
    return lambda raw: zipped([each for each in members(raw) if each[0].filename != name])


def holding(name: str, data: bytes, **how) -> Craft:
    """Another file in the place of one."""
    return lambda raw: zipped([member(name, data, **how) if i.filename == name else (i, d) for i, d in members(raw)])


def remade(name: str, **how) -> Craft:
    """The same file in the same place, in another form."""
    return lambda raw: holding(name, {i.filename: d for i, d in members(raw)}[name], **how)(raw)


def manifest_with(change: Callable[[dict], object]) -> Craft:
    """`change` writes into the manifest."""

    def craft(raw: bytes) -> bytes:
        manifest = json.loads(members(raw)[0][1])
        change(manifest)
        return holding("manifest.json", json.dumps(manifest).encode("utf-8", "surrogatepass"))(raw)

    return craft


def listed(name: str, data: bytes = b"evil") -> Craft:
    """The file is in the archive, and the manifest says so."""
    entry = {"size": len(data), "sha256": sha256(data).hexdigest()}
    return both(with_member(name, data=data), manifest_with(lambda manifest: manifest["files"].update({name: entry})))


def both(first: Craft, second: Craft) -> Craft:
    return lambda raw: second(first(raw))


def patched(name: str, local: int | None, central: int | None, form: str, value: int) -> Craft:
    """Another number in a file's header, in its record in the directory, or in both, at these offsets."""

    def craft(raw: bytes) -> bytes:
        changed = bytearray(raw)
        if local is not None:
            struct.pack_into(form, changed, places(raw)[name][0] + local, value)
        if central is not None:
            struct.pack_into(form, changed, places(raw)[name][1] + central, value)
        return bytes(changed)

    return craft


def places(raw: bytes) -> dict[str, tuple[int, int]]:
    """Where each file's header begins, and where its record in the directory."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        found, at = {}, archive.start_dir
        for info in archive.infolist():
            found[info.filename] = info.header_offset, at
            at += CENTRAL + len(info.filename.encode()) + len(info.extra) + len(info.comment)
    return found


def zip64_end(locator: int | None = None) -> Craft:
    """The end as an archive of many gigabytes has it; `locator` is where it says that the larger end is."""

    def craft(raw: bytes) -> bytes:
        n, size, at = struct.unpack_from("<HII", raw, len(raw) - END + 10)
        larger = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, n, n, size, at)
        where = struct.pack("<4sIQI", b"PK\6\7", 0, len(raw) - END if locator is None else locator, 1)
        return raw[:-END] + larger + where + raw[-END:]

    return craft


def packed_with(name: str, junk: bytes) -> Craft:
    """A deflated file with more behind its end, before the next file's header."""

    def craft(raw: bytes) -> bytes:
        data = {info.filename: data for info, data in members(raw)}[name]
        stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        changed = holding(name, stream.compress(data) + stream.flush() + junk)(raw)
        for local, central, form, value in (
            (8, 10, "<H", 8),
            (14, 16, "<I", zlib.crc32(data)),
            (22, 24, "<I", len(data)),
        ):
            changed = patched(name, local, central, form, value)(changed)
        return changed

    return craft


def end_patched(at: int, form: str, value: int) -> Craft:
    """Another number at the end of the archive."""

    def craft(raw: bytes) -> bytes:
        changed = bytearray(raw)
        struct.pack_into(form, changed, len(raw) - END + at, value)
        return bytes(changed)

    return craft


def between(junk: bytes) -> Craft:
    """Something after the files that no directory speaks of."""

    def craft(raw: bytes) -> bytes:
        (at,) = struct.unpack_from("<I", raw, len(raw) - 6)
        return end_patched(16, "<I", at + len(junk))(raw[:at] + junk + raw[at:])

    return craft
