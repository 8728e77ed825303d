"""Tests of archives from strangers: they unpack exactly, or are refused in one line without writing a file."""

import shutil
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ne_core.errors import AtlasError
from ne_core.sharing.archive import directory, entry, pack, unpack, unpacking
from tests.precompute.steps.test_write import files
from tests.support.archives import (
    Craft,
    chain,
    change_manifest,
    member,
    members,
    patch_end,
    patch_header,
    replace_member,
    rewrite_member,
    with_gap,
    with_listed_member,
    with_member,
    with_trailing_bytes,
    without_member,
    zip64_end,
    zipped,
)
from tests.support.hostile import flip_bytes, truncate

TOKENS, VOCAB = "tokens.npy", "vocab.json"


@pytest.fixture(scope="module")
def good(tiny_atlas: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    archive = tmp_path_factory.mktemp("good") / "planted.atlas.zip"
    pack(tiny_atlas, archive)
    return archive.read_bytes()


def refusal(raw: bytes, folder: Path) -> str | None:
    """Return the line with which an archive is refused, or None if it is unpacked."""
    (folder / "a.zip").write_bytes(raw)
    try:
        unpack(folder / "a.zip", folder / "atlas")
        return None
    except AtlasError as error:
        message = str(error)
    assert "\n" not in message
    assert len(message) < 500
    assert message.isprintable()
    assert [each.name for each in folder.iterdir()] == ["a.zip"]
    assert message.startswith(f"{folder}/a.zip")
    return message.removeprefix(f"{folder}/")  # the folder's name contains the test's name


def kind(mode: int, flags: int = 0) -> dict:
    return {"attributes": ((mode | 0o644) << 16) | flags}


def size_of(name: str, size: int) -> Craft:
    """Set a wrong size of a file in both headers and the manifest."""
    return chain(
        change_manifest(lambda manifest: manifest["files"][name].update(size=size)),
        patch_header(name, 22, 24, "<I", size),
    )


def flag(bit: int) -> Craft:
    return patch_header(TOKENS, 6, 8, "<H", bit)


def shorter_directory(raw: bytes) -> bytes:
    n = len(members(raw))
    return patch_end(8, "<H", n - 1)(patch_end(10, "<H", n - 1)(raw))


CENTRAL_OFFSET = 42  # position of a file's offset in its entry of the directory
REFUSED: dict[str, tuple[Craft, str]] = {
    "nothing": (lambda raw: b"", "does not end as a zip file does"),
    "a text": (lambda raw: b"<html>not found</html>" * 9, "does not end as a zip file does"),
    "half an archive": (lambda raw: raw[: len(raw) // 2], "does not end as a zip file does"),
    "an end record only": (lambda raw: raw[-22:], "no directory at the position"),
    "a byte after it": (lambda raw: raw + b"\0", "does not end as a zip file does"),
    "a comment": (lambda raw: patch_end(20, "<H", 3)(raw) + b"hey", "does not end as a zip file does"),
    "a comment that is not there": (patch_end(20, "<H", 3), "does not end as a zip file does"),
    "data before it": (lambda raw: b"#!/bin/sh\n" + raw, "no directory at the position"),
    "data within": (with_gap(b"PK\3\4 and more"), "between its files and its directory"),
    "no files": (lambda raw: zipped([]), "first file is not manifest.json"),
    "no manifest": (without_member("manifest.json"), "first file is not manifest.json"),
    "a late manifest": (lambda raw: zipped(members(raw)[::-1]), "first file is not manifest.json"),
    "a manifest of nothing": (replace_member("manifest.json", b""), "not readable JSON"),
    "a manifest too long": (
        replace_member("manifest.json", b" " * 2**23, form=zipfile.ZIP_DEFLATED),
        "longer than 4194304 bytes",
    ),
    "another version": (change_manifest(lambda m: m.update(schema_version=99)), "schema version 99"),
    "a contradictory manifest": (change_manifest(lambda m: m.update(n_neurons=[1])), "contradicts itself"),
    "no list of files": (change_manifest(lambda m: m.update(files={})), "does not list vocab.json"),
    "a file too many": (with_member("evil"), "'evil', which its manifest does not list"),
    "a path out of the folder": (with_member("../evil"), "'../evil', which its manifest does not list"),
    "a folder": (with_member("layers/", data=b""), "no regular file"),
    "a file too few": (without_member(TOKENS), "lacks tokens.npy"),
    "a file twice": (lambda raw: zipped([*members(raw), members(raw)[-1]]), "2 times"),
    "a link": (rewrite_member(TOKENS, **kind(stat.S_IFLNK)), "no regular file"),
    "a device": (rewrite_member(TOKENS, **kind(stat.S_IFBLK)), "no regular file"),
    "a pipe": (rewrite_member(TOKENS, **kind(stat.S_IFIFO)), "no regular file"),
    "a folder of another system": (rewrite_member(TOKENS, attributes=0x10), "no regular file"),
    "encrypted": (flag(1), "encrypted"),
    "a stream": (flag(8), "form other than stored or deflated"),
    "bzip2": (rewrite_member(TOKENS, form=zipfile.ZIP_BZIP2), "form other than stored or deflated"),
    "lzma": (rewrite_member(TOKENS, form=zipfile.ZIP_LZMA), "form other than stored or deflated"),
    "a file too long": (replace_member(VOCAB, b"[]" * 999), "1998 bytes of vocab.json, its manifest says"),
    "a size too small": (size_of(TOKENS, 99), "does not hold the 99 bytes"),
    "a size too large": (size_of(TOKENS, 10**6), "does not hold the 1000000 bytes"),
    "two sizes of a stored file": (
        chain(rewrite_member(TOKENS, form=zipfile.ZIP_STORED), patch_header(TOKENS, 22, 24, "<I", 99)),
        "two sizes",
    ),
    "one position for two files": (patch_header(TOKENS, None, CENTRAL_OFFSET, "<I", 0), "overlap"),
    "a position beyond the end": (patch_header(TOKENS, None, CENTRAL_OFFSET, "<I", 2**31), "overlap"),
    "a position too large": (patch_header(TOKENS, None, CENTRAL_OFFSET, "<I", 2**32 - 1), "overlap"),
    "packed beyond the end": (patch_header(VOCAB, 18, 20, "<I", 2**31), "disagrees with its directory"),
    "two names": (patch_header(TOKENS, 30, None, "<B", ord("u")), "disagrees with its directory"),
    "two forms": (patch_header(TOKENS, 8, None, "<H", 12), "disagrees with its directory"),
    "two sums": (patch_header(TOKENS, 14, None, "<I", 7), "disagrees with its directory"),
    "two lengths": (patch_header(TOKENS, 22, None, "<I", 7), "disagrees with its directory"),
    "another sum": (patch_header(TOKENS, 14, 16, "<I", 7), "does not hold"),
    "fewer files than there are": (shorter_directory, "more files than it claims"),
    "more files than there are": (chain(patch_end(8, "<H", 999), patch_end(10, "<H", 999)), "fewer files"),
    "many discs": (patch_end(4, "<H", 1), "no directory at the position"),
    "a wrong position of the directory": (patch_end(16, "<I", 0), "no directory at the position"),
    "a ZIP64 locator without a record": (
        lambda raw: raw[:-22] + b"PK\6\7" + b"\xff" * 16 + raw[-22:],
        "no end record that locates",
    ),
    "a wrong position of the ZIP64 end": (zip64_end(locator=7), "no end record that locates"),
    "data behind a file's end": (with_trailing_bytes(VOCAB, b"junk"), "does not hold"),
    "an empty file": (replace_member(VOCAB, b""), "0 bytes of vocab.json"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", REFUSED)
def test_invalid_archives_are_refused(name: str, good: bytes, tmp_path: Path):
    craft, message = REFUSED[name]
    assert message in refusal(craft(good), tmp_path)


@pytest.mark.parametrize("name", ["../evil", "/evil", "//evil/a", "layers/../../evil", "..\\evil", "C:\\evil", "C:evil",
    "layers\\evil", "evil.", "evil ", "layers./evil", "e\0vil", "e\nvil", "évil", "", ".", "..", "a//b", "a/./b",
    ".evil", "x" * 300, "a/" * 9 + "b", "TOKENS.NPY", "Layers/00/POS.npy", "Manifest.json", "manifest.json/evil",
    "tokens.npy/evil", "Tokens.npy/evil", "layers", "Inputs", "evil:stream", "~", "$HOME"])  # fmt: skip
def test_unsafe_names_are_refused(name: str, good: bytes, tmp_path: Path):
    """Refuse unsafe names even when the manifest lists them."""
    assert refusal(with_listed_member(name)(good), tmp_path)


def test_contents_that_differ_from_the_manifest(good: bytes, tmp_path: Path):
    vocab = {info.filename: data for info, data in members(good)}[VOCAB]
    changed = vocab.replace(b"cat", b"dog")
    assert changed != vocab
    assert "another vocab.json than its manifest lists" in refusal(replace_member(VOCAB, changed)(good), tmp_path)


def test_invalid_atlas_in_a_valid_archive(good: bytes, tmp_path: Path):
    """Sizes and checksums agree, but it is no valid atlas; the line names the archive, not the deleted folder."""
    craft = chain(without_member(VOCAB), with_listed_member(VOCAB, b"{}"))
    assert refusal(craft(good), tmp_path) == "a.zip/vocab.json must hold a list of texts: build the atlas again"


def test_not_enough_disk_space(good: bytes, tmp_path: Path, monkeypatch):
    size = sum(len(data) for _, data in members(good))
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": size - 1}))
    assert f"unpacks to {size:,} bytes; there are {size - 1:,} free" in refusal(good, tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": size}))
    monkeypatch.setattr(unpacking, "MOST_RESTORED", size - 1)
    assert f"at most {size - 1:,} are restored" in refusal(good, tmp_path)
    monkeypatch.setattr(unpacking, "MOST_RESTORED", size)
    assert refusal(good, tmp_path) is None


def test_zip_bomb_is_not_inflated(good: bytes, tmp_path: Path, monkeypatch):
    """Refuse 16 kB that inflate to 16 MB, in an entry that records ten bytes."""
    lengths, original = [], entry.inflated_pieces

    def counting(*args):
        for piece in original(*args):
            lengths.append(len(piece))
            yield piece

    monkeypatch.setattr(entry, "inflated_pieces", counting)
    craft = chain(replace_member(VOCAB, b"\0" * 2**24, form=zipfile.ZIP_DEFLATED), size_of(VOCAB, 10))
    assert "does not hold the 10 bytes" in refusal(craft(good), tmp_path)
    assert entry.PIECE <= sum(lengths) < 2 * entry.PIECE  # its first piece, and the small files before it


@pytest.mark.parametrize("seed", range(8))
def test_random_damage(seed: int, good: bytes, tiny_atlas: Path, tmp_path: Path):
    rng = np.random.default_rng(seed)
    for i in range(40):
        damage = truncate if i % 8 == 7 else flip_bytes
        if refusal(damage(rng, good), tmp_path) is None:
            assert files(tmp_path / "atlas") == files(tiny_atlas)
            shutil.rmtree(tmp_path / "atlas")


@pytest.mark.parametrize("craft", [lambda raw: raw, zip64_end(), with_trailing_bytes(VOCAB, b"")])
def test_valid_archives_are_unpacked(craft: Craft, good: bytes, tiny_atlas: Path, tmp_path: Path):
    assert refusal(craft(good), tmp_path) is None
    assert files(tmp_path / "atlas") == files(tiny_atlas)


@pytest.mark.parametrize("limit", ["MOST_ENTRIES", "MOST_DIRECTORY"])
def test_directory_too_long(limit: str, good: bytes, tmp_path: Path, monkeypatch):
    n = len(members(good))
    monkeypatch.setattr(directory, limit, n)
    assert (refusal(good, tmp_path) is None) == (limit == "MOST_ENTRIES")
    shutil.rmtree(tmp_path / "atlas", ignore_errors=True)
    monkeypatch.setattr(directory, limit, n - 1)
    assert f"claims to hold {n} files" in refusal(good, tmp_path)


def test_archive_of_another_writer(good: bytes, tiny_atlas: Path, tmp_path: Path):
    """Accept archives of another system, with dates, everything stored."""
    other_members = []
    for info, data in members(good):
        other, _ = member(info.filename)
        other.date_time, other.create_system = (2024, 11, 18, 12, 0, 0), 0
        other_members.append((other, data))
    assert refusal(zipped(other_members), tmp_path) is None
    assert files(tmp_path / "atlas") == files(tiny_atlas)
