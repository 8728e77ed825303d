"""Archives from strangers: the atlas comes back as it was, or one line says why not, and nothing is written."""

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
    """The one line with which an archive is refused; None where it becomes an atlas."""
    (folder / "a.zip").write_bytes(raw)
    try:
        unpack(folder / "a.zip", folder / "atlas")
        return None
    except AtlasError as error:
        said = str(error)
    assert "\n" not in said
    assert len(said) < 500
    assert said.isprintable()
    assert [each.name for each in folder.iterdir()] == ["a.zip"]
    assert said.startswith(f"{folder}/a.zip")
    return said.removeprefix(f"{folder}/")  # which has the test's name in it


def kind(mode: int, more: int = 0) -> dict:
    return {"attributes": ((mode | 0o644) << 16) | more}


def size_of(name: str, size: int) -> Craft:
    """Headers and manifest agree on a size that is not the file's."""
    return chain(
        change_manifest(lambda manifest: manifest["files"][name].update(size=size)),
        patch_header(name, 22, 24, "<I", size),
    )


def flag(bit: int) -> Craft:
    return patch_header(TOKENS, 6, 8, "<H", bit)


def shorter_directory(raw: bytes) -> bytes:
    n = len(members(raw))
    return patch_end(8, "<H", n - 1)(patch_end(10, "<H", n - 1)(raw))


CENTRAL_OFFSET = 42  # of the number that says where a file is
REFUSED: dict[str, tuple[Craft, str]] = {
    "nothing": (lambda raw: b"", "does not end as a zip file does"),
    "a text": (lambda raw: b"<html>not found</html>" * 9, "does not end as a zip file does"),
    "a half": (lambda raw: raw[: len(raw) // 2], "does not end as a zip file does"),
    "an end alone": (lambda raw: raw[-22:], "where it is not"),
    "a byte after it": (lambda raw: raw + b"\0", "does not end as a zip file does"),
    "a comment": (lambda raw: patch_end(20, "<H", 3)(raw) + b"hey", "does not end as a zip file does"),
    "a comment that is not there": (patch_end(20, "<H", 3), "does not end as a zip file does"),
    "something before it": (lambda raw: b"#!/bin/sh\n" + raw, "where it is not"),
    "something within": (with_gap(b"PK\3\4 and more"), "between its files and its directory"),
    "no files": (lambda raw: zipped([]), "first file is not manifest.json"),
    "no manifest": (without_member("manifest.json"), "first file is not manifest.json"),
    "a late manifest": (lambda raw: zipped(members(raw)[::-1]), "first file is not manifest.json"),
    "a manifest of nothing": (replace_member("manifest.json", b""), "not readable JSON"),
    "a manifest too long": (
        replace_member("manifest.json", b" " * 2**23, form=zipfile.ZIP_DEFLATED),
        "longer than 4194304 bytes",
    ),
    "another version": (change_manifest(lambda m: m.update(schema_version=99)), "schema version 99"),
    "a manifest that lies": (change_manifest(lambda m: m.update(n_neurons=[1])), "contradicts itself"),
    "no list of files": (change_manifest(lambda m: m.update(files={})), "does not list vocab.json"),
    "a file too many": (with_member("evil"), "'evil', which its manifest does not list"),
    "a way out": (with_member("../evil"), "'../evil', which its manifest does not list"),
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
    "two sizes of what is stored": (
        chain(rewrite_member(TOKENS, form=zipfile.ZIP_STORED), patch_header(TOKENS, 22, 24, "<I", 99)),
        "two sizes",
    ),
    "one place for two": (patch_header(TOKENS, None, CENTRAL_OFFSET, "<I", 0), "overlap"),
    "a place beyond": (patch_header(TOKENS, None, CENTRAL_OFFSET, "<I", 2**31), "overlap"),
    "a place too large": (patch_header(TOKENS, None, CENTRAL_OFFSET, "<I", 2**32 - 1), "overlap"),
    "packed beyond the end": (patch_header(VOCAB, 18, 20, "<I", 2**31), "two things"),
    "two names": (patch_header(TOKENS, 30, None, "<B", ord("u")), "two things"),
    "two forms": (patch_header(TOKENS, 8, None, "<H", 12), "two things"),
    "two sums": (patch_header(TOKENS, 14, None, "<I", 7), "two things"),
    "two lengths": (patch_header(TOKENS, 22, None, "<I", 7), "two things"),
    "another sum": (patch_header(TOKENS, 14, 16, "<I", 7), "does not hold"),
    "fewer files than there are": (shorter_directory, "more than its files"),
    "more files than there are": (chain(patch_end(8, "<H", 999), patch_end(10, "<H", 999)), "fewer files"),
    "many discs": (patch_end(4, "<H", 1), "where it is not"),
    "a directory elsewhere": (patch_end(16, "<I", 0), "where it is not"),
    "an end that leads nowhere": (
        lambda raw: raw[:-22] + b"PK\6\7" + b"\xff" * 16 + raw[-22:],
        "no end that says",
    ),
    "a larger end elsewhere": (zip64_end(locator=7), "no end that says"),
    "more behind a file's end": (with_trailing_bytes(VOCAB, b"junk"), "does not hold"),
    "an empty file": (replace_member(VOCAB, b""), "0 bytes of vocab.json"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused(what: str, good: bytes, tmp_path: Path):
    craft, why = REFUSED[what]
    assert why in refusal(craft(good), tmp_path)


@pytest.mark.parametrize("name", ["../evil", "/evil", "//evil/a", "layers/../../evil", "..\\evil", "C:\\evil", "C:evil",
    "layers\\evil", "evil.", "evil ", "layers./evil", "e\0vil", "e\nvil", "évil", "", ".", "..", "a//b", "a/./b",
    ".evil", "x" * 300, "a/" * 9 + "b", "TOKENS.NPY", "Layers/00/POS.npy", "Manifest.json", "manifest.json/evil",
    "tokens.npy/evil", "Tokens.npy/evil", "layers", "Inputs", "evil:stream", "~", "$HOME"])  # fmt: skip
def test_names_that_lead_elsewhere(name: str, good: bytes, tmp_path: Path):
    """Even where the manifest lists them."""
    assert refusal(with_listed_member(name)(good), tmp_path)


def test_contents_that_are_not_what_the_manifest_says(good: bytes, tmp_path: Path):
    vocab = {info.filename: data for info, data in members(good)}[VOCAB]
    other = vocab.replace(b"cat", b"dog")
    assert other != vocab
    assert "another vocab.json than its manifest says" in refusal(replace_member(VOCAB, other)(good), tmp_path)


def test_what_no_reader_would_open(good: bytes, tmp_path: Path):
    """Sizes and checksums agree, and yet it is no atlas; the line names the archive, since the folder is gone."""
    craft = chain(without_member(VOCAB), with_listed_member(VOCAB, b"{}"))
    assert refusal(craft(good), tmp_path) == "a.zip/vocab.json must hold a list of texts: build the atlas again"


def test_more_than_there_is_room_for(good: bytes, tmp_path: Path, monkeypatch):
    size = sum(len(data) for _, data in members(good))
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": size - 1}))
    assert f"would become {size:,} bytes; there are {size - 1:,} free" in refusal(good, tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": size}))
    monkeypatch.setattr(unpacking, "MOST_RESTORED", size - 1)
    assert f"at most {size - 1:,} are restored" in refusal(good, tmp_path)
    monkeypatch.setattr(unpacking, "MOST_RESTORED", size)
    assert refusal(good, tmp_path) is None


def test_a_bomb_is_read_no_further_than_it_says(good: bytes, tmp_path: Path, monkeypatch):
    """16 kB that would become 16 MB, in a file that says it has ten bytes."""
    lengths, inflated = [], entry.inflated

    def counted(*given):
        for piece in inflated(*given):
            lengths.append(len(piece))
            yield piece

    monkeypatch.setattr(entry, "inflated", counted)
    craft = chain(replace_member(VOCAB, b"\0" * 2**24, form=zipfile.ZIP_DEFLATED), size_of(VOCAB, 10))
    assert "does not hold the 10 bytes" in refusal(craft(good), tmp_path)
    assert entry.PIECE <= sum(lengths) < 2 * entry.PIECE  # its first piece, and the small files before it


@pytest.mark.parametrize("seed", range(8))
def test_random_damage(seed: int, good: bytes, tiny_atlas: Path, tmp_path: Path):
    rng = np.random.default_rng(seed)
    for round in range(40):
        damage = truncate if round % 8 == 7 else flip_bytes
        if refusal(damage(rng, good), tmp_path) is None:
            assert files(tmp_path / "atlas") == files(tiny_atlas)
            shutil.rmtree(tmp_path / "atlas")


@pytest.mark.parametrize("craft", [lambda raw: raw, zip64_end(), with_trailing_bytes(VOCAB, b"")])
def test_good_ones_are_not_refused(craft: Craft, good: bytes, tiny_atlas: Path, tmp_path: Path):
    assert refusal(craft(good), tmp_path) is None
    assert files(tmp_path / "atlas") == files(tiny_atlas)


@pytest.mark.parametrize("limit", ["MOST_ENTRIES", "MOST_DIRECTORY"])
def test_a_directory_too_long_to_read(limit: str, good: bytes, tmp_path: Path, monkeypatch):
    n = len(members(good))
    monkeypatch.setattr(directory, limit, n)
    assert (refusal(good, tmp_path) is None) == (limit == "MOST_ENTRIES")
    shutil.rmtree(tmp_path / "atlas", ignore_errors=True)
    monkeypatch.setattr(directory, limit, n - 1)
    assert f"holds {n} files" in refusal(good, tmp_path)


def test_nor_is_one_of_another_writer(good: bytes, tiny_atlas: Path, tmp_path: Path):
    """Of another system, with dates, everything stored."""
    theirs = []
    for info, data in members(good):
        other, _ = member(info.filename)
        other.date_time, other.create_system = (2024, 11, 18, 12, 0, 0), 0
        theirs.append((other, data))
    assert refusal(zipped(theirs), tmp_path) is None
    assert files(tmp_path / "atlas") == files(tiny_atlas)
