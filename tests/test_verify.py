"""Whatever was done to an atlas since it was written is found."""

import json
import shutil
from pathlib import Path

import pytest

from ne_core.arrays import AtlasError
from ne_core.atlas import Atlas
from ne_core.checks import verify


@pytest.fixture
def atlas(tiny_atlas: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_atlas, tmp_path / "atlas"))


def every_file(root: Path) -> list[str]:
    return sorted(json.loads((root / "manifest.json").read_text())["files"])


def change_manifest(root: Path, **fields) -> None:
    raw = json.loads((root / "manifest.json").read_text())
    (root / "manifest.json").write_text(json.dumps({**raw, **fields}))


def test_a_clean_atlas_has_nothing_wrong(atlas):
    assert list(verify(atlas)) == []


def test_a_flipped_bit_is_found_in_every_file(atlas):
    for name in every_file(atlas):
        path = atlas / name
        good = path.read_bytes()
        for at in (0, len(good) // 2, len(good) - 1):
            path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
            problems = list(verify(atlas))
            assert any(Path(name).name in problem for problem in problems), (name, at, problems)
        path.write_bytes(good)
    assert list(verify(atlas)) == []


def test_a_truncated_file_is_found_at_opening(atlas):
    for name in every_file(atlas):
        good = (atlas / name).read_bytes()
        (atlas / name).write_bytes(good[:-1])
        with pytest.raises(AtlasError, match=f"{Path(name).name} has {len(good) - 1} bytes"):
            Atlas.open(atlas)
        (atlas / name).write_bytes(good)


def test_a_missing_file_is_found_at_opening(atlas):
    for name in every_file(atlas):
        moved = (atlas / name).rename(atlas.parent / "away")
        with pytest.raises(AtlasError, match=f"{Path(name).name} is missing"):
            Atlas.open(atlas)
        moved.rename(atlas / name)


def test_a_file_too_many_is_found(atlas):
    (atlas / "layers" / "notes.txt").write_text("mine")
    assert [("notes.txt" in problem, "not part of the atlas" in problem) for problem in verify(atlas)] == [(True, True)]


def test_a_directory_without_a_manifest_is_no_atlas(atlas):
    (atlas / "manifest.json").unlink()
    (problem,) = verify(atlas)
    assert "no manifest.json" in problem


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_another_schema_version_is_refused(atlas, version):
    change_manifest(atlas, schema_version=version)
    (problem,) = verify(atlas)
    assert f"schema version {version!r}" in problem


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "layers/../../outside"])
def test_a_manifest_cannot_point_outside(atlas, name: str):
    (atlas.parent / "outside").write_text("secret")
    files = json.loads((atlas / "manifest.json").read_text())["files"]
    change_manifest(atlas, files={**files, name: {"size": 6, "sha256": "0"}})
    (problem,) = verify(atlas)
    assert "outside the atlas" in problem


@pytest.mark.parametrize("text", ["", "[]", "{", "\xff", '{"schema_version": 1}'])
def test_a_broken_manifest_is_one_line(atlas, text: str):
    (atlas / "manifest.json").write_text(text, encoding="latin-1")
    (problem,) = verify(atlas)
    assert "\n" not in problem
