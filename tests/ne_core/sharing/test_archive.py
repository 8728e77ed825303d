"""Tests of an atlas as one file: the round trip is exact, and an old output stays until the new one is complete."""

import filecmp
import shutil
import zipfile
from pathlib import Path

import pytest

from ne_core.atlas.verify import verify
from ne_core.errors import AtlasError
from ne_core.sharing.archive import pack, unpack
from tests.precompute.steps.test_write import files
from tests.support.hostile import seal
from tests.support.planted import make_atlas


def packed(atlas: Path, folder: Path, **options) -> Path:
    out = folder / "a.zip"
    assert pack(atlas, out, **options) == out.stat().st_size
    return out


@pytest.mark.parametrize("atlas", ["tiny_atlas", "image_atlas", "lab_atlas"])
def test_round_trip(atlas: str, tmp_path: Path, request):
    root = request.getfixturevalue(atlas)
    unpack(packed(root, tmp_path), tmp_path / "atlas")
    assert files(tmp_path / "atlas") == files(root)
    assert not filecmp.dircmp(tmp_path / "atlas", root).common_funny
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.zip", "atlas"]


@pytest.mark.parametrize("atlas", ["image_atlas", "lab_atlas"])
def test_archive_without_inputs_is_a_complete_atlas(atlas: str, tmp_path: Path, request):
    root = request.getfixturevalue(atlas)
    unpack(packed(root, tmp_path, inputs=False), tmp_path / "atlas")
    assert list(verify(tmp_path / "atlas")) == []
    packed_files, all_files = files(tmp_path / "atlas"), files(root)
    assert set(all_files) - set(packed_files) == {name for name in all_files if name.startswith("inputs/")}


def test_archive_without_inputs_equals_build_without_inputs(tiny_atlas: Path, tmp_path: Path):
    built = make_atlas(tmp_path / "built", inputs=False)
    unpack(packed(tiny_atlas, tmp_path, inputs=False), tmp_path / "atlas")
    assert files(tmp_path / "atlas") == files(built)


def test_same_atlas_gives_same_bytes(tiny_atlas: Path, tmp_path: Path):
    copy = Path(shutil.copytree(tiny_atlas, tmp_path / "another-name", copy_function=shutil.copy))
    for path in copy.rglob("*.npy"):
        path.chmod(0o600)
    pack(tiny_atlas, tmp_path / "one.zip")
    pack(copy, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_zipfile_reads_the_archive(tiny_atlas: Path, tmp_path: Path):
    with zipfile.ZipFile(packed(tiny_atlas, tmp_path)) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[0] == "manifest.json"
        assert {name: archive.read(name) for name in archive.namelist()} == files(tiny_atlas)
        forms = {info.compress_type for info in archive.infolist()}
    assert forms == {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def test_numbers_beyond_32_bits(tiny_atlas: Path, tmp_path: Path, monkeypatch):
    """Lower the limit, so that every number is in its ZIP64 field as in an archive of many gigabytes."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 20)
    archive = packed(tiny_atlas, tmp_path)
    assert archive.read_bytes().count(b"PK\6\6") == 1
    unpack(archive, tmp_path / "atlas")
    assert files(tmp_path / "atlas") == files(tiny_atlas)


def test_progress_ends_with_everything(tiny_atlas: Path, tmp_path: Path):
    size = sum(len(data) for name, data in files(tiny_atlas).items() if name != "manifest.json")
    calls: dict[str, list[tuple[int, int]]] = {"pack": [], "unpack": []}
    archive = packed(tiny_atlas, tmp_path, on_progress=lambda *call: calls["pack"].append(call))
    unpack(archive, tmp_path / "atlas", on_progress=lambda *call: calls["unpack"].append(call))
    for reported in calls.values():
        assert reported == sorted(reported)
        assert reported[-1] == (size, size)
        assert {most for _, most in reported} == {size}


def interrupted(*_) -> None:
    raise KeyboardInterrupt


def test_interruption_leaves_no_files(tiny_atlas: Path, tmp_path: Path):
    with pytest.raises(KeyboardInterrupt):
        pack(tiny_atlas, tmp_path / "a.zip", on_progress=interrupted)
    assert list(tmp_path.iterdir()) == []
    archive = packed(tiny_atlas, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        unpack(archive, tmp_path / "atlas", on_progress=interrupted)
    assert list(tmp_path.iterdir()) == [archive]


def test_old_output_stays_until_the_end(tiny_atlas: Path, image_atlas: Path, tmp_path: Path):
    archive, out = packed(tiny_atlas, tmp_path), tmp_path / "atlas"
    shutil.copytree(image_atlas, out)
    with pytest.raises(KeyboardInterrupt):
        unpack(archive, out, on_progress=interrupted)
    (tmp_path / "half.zip").write_bytes(archive.read_bytes()[:-1])
    with pytest.raises(AtlasError, match="does not end as a zip file does"):
        unpack(tmp_path / "half.zip", out)
    assert files(out) == files(image_atlas)
    with pytest.raises(KeyboardInterrupt):
        pack(image_atlas, archive, on_progress=interrupted)
    unpack(archive, out)
    assert files(out) == files(tiny_atlas)


def test_incomplete_atlas_is_not_packed(tiny_atlas: Path, tmp_path: Path):
    copy = Path(shutil.copytree(tiny_atlas, tmp_path / "atlas"))
    (copy / "notes.txt").write_text("mine")
    with pytest.raises(AtlasError, match=r"holds 'notes.txt', which is not part of the atlas"):
        pack(copy, tmp_path / "a.zip")
    (copy / "notes.txt").unlink()
    with (copy / "inputs/00.npy").open("r+b") as file:
        file.seek(-2, 2)
        file.write(b"\0\0")
    with pytest.raises(AtlasError, match=r"inputs/00.npy .*checksum|inputs/00.npy"):
        pack(copy, tmp_path / "a.zip", inputs=False)
    assert not (tmp_path / "a.zip").exists()


def test_change_while_packing_is_refused(tiny_atlas: Path, tmp_path: Path):
    copy = Path(shutil.copytree(tiny_atlas, tmp_path / "atlas"))

    def meddle(*_):
        (copy / "vocab.json").write_text("[]")
        seal(copy)

    with pytest.raises(AtlasError, match=r"vocab.json has changed while it was packed"):
        pack(copy, tmp_path / "a.zip", on_progress=meddle)
    assert [each.name for each in tmp_path.iterdir()] == ["atlas"]


def test_unwritable_outputs(tiny_atlas: Path, tmp_path: Path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("precious")
    for out, message in (("full", "is a directory"), ("full/thesis.txt/a.zip", "cannot be written")):
        with pytest.raises(AtlasError, match=message):
            pack(tiny_atlas, tmp_path / out)
    with pytest.raises(AtlasError, match="is inside the atlas"):
        pack(tiny_atlas, tiny_atlas / "a.zip")
    archive = packed(tiny_atlas, tmp_path)
    with pytest.raises(AtlasError, match="holds files and is not an atlas"):
        unpack(archive, tmp_path / "full")
    for missing in ("nowhere.zip", "full"):
        with pytest.raises(AtlasError, match="cannot be read"):
            unpack(tmp_path / missing, tmp_path / "atlas")
    assert (tmp_path / "full" / "thesis.txt").read_text() == "precious"
