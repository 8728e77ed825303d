"""Verification detects any change of an atlas after it was written."""

import json
import shutil
import zipfile
from pathlib import Path, PurePath

import numpy as np
import pyarrow.parquet as pq
import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.checks.members import intervals
from ne_core.atlas.documents_schema import DOCUMENTS
from ne_core.atlas.paths import index_file
from ne_core.atlas.read_manifest import read_manifest
from ne_core.atlas.schema import CONTRIBUTIONS, EXAMPLES, LAYER, LOGIT_EFFECTS, OTHER, SCHEMA_VERSION
from ne_core.atlas.verify import verify
from ne_core.errors import AtlasError
from ne_core.method.similar import SPACES
from ne_core.method.trees.cluster import tree
from ne_core.sharing.archive import pack
from ne_core.sharing.atomic_write import new_atlas
from precompute.models.model_facts import weights_sha256
from precompute.write.atlas import write_manifest
from tests.support.hostile import replace_array, set_values


@pytest.fixture
def atlas(tiny_atlas: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_atlas, tmp_path / "atlas"))


def every_file(root: Path) -> list[str]:
    return sorted(json.loads((root / "manifest.json").read_text())["files"])


def change_manifest(root: Path, **fields) -> None:
    raw = json.loads((root / "manifest.json").read_text())
    (root / "manifest.json").write_text(json.dumps({**raw, **fields}))


def test_valid_atlas_has_no_problems(atlas):
    assert list(verify(atlas)) == []


def test_flipped_bit_is_detected_in_every_file(atlas):
    for name in every_file(atlas):
        path = atlas / name
        good = path.read_bytes()
        for position in (0, len(good) // 2, len(good) - 1):
            path.write_bytes(good[:position] + bytes([good[position] ^ 1]) + good[position + 1 :])
            problems = list(verify(atlas))
            assert any(Path(name).name in problem for problem in problems), (name, position, problems)
        path.write_bytes(good)
    assert list(verify(atlas)) == []


def test_atlas_has_every_file_of_the_schema(atlas):
    """Check that the tests of this file damage every kind of file."""
    names = {spec.file for spec in EXAMPLES} | {name for name, _ in OTHER} - {"manifest.json", "features_<space>.faiss"}
    names |= {
        f"layers/{layer}/{spec.file}" for layer in ("00", "02") for spec in (*LAYER, *LOGIT_EFFECTS, *CONTRIBUTIONS)
    }
    names |= {"inputs/00.npy", "inputs/02.npy", *map(index_file, SPACES), "spaces.parquet"}
    names |= {spec.file for spec in DOCUMENTS}
    assert set(every_file(atlas)) == names


@pytest.mark.parametrize("layer", ["00", "02"])
def test_central_example_outside_its_branch_is_detected(atlas, layer: str):
    joined = np.load(atlas / f"layers/{layer}/trees.npy")[0, :2]
    set_values(f"layers/{layer}/merge_central.npy", 0, min({0, 1, 2} - set(joined.tolist())))(atlas)
    (problem,) = verify(atlas)
    assert f"layers/{layer}/merge_central.npy has a central example that is not below its branch point" in problem


def test_features_that_do_not_match_the_trees_are_detected(atlas):
    """Swap the features of two examples, which changes no count."""
    feature = np.load(atlas / "layers/00/feature.npy")
    central = set(pq.read_table(atlas / "features.parquet")["central"].to_pylist()[:2])
    one, other = (next(row for row in np.flatnonzero(feature[:17] == f) if row not in central) for f in (0, 1))
    set_values("layers/00/feature.npy", [one, other], [1, 0])(atlas)
    (problem,) = verify(atlas)
    assert "layers/00/feature.npy has other features than the trees at the default cut" in problem


def test_invalid_inputs_are_detected(atlas):
    set_values("inputs/02.npy", (3, 3), np.inf)(atlas)
    replace_array("inputs/00.npy", lambda x: np.concatenate([x, x[:1]]))(atlas)
    count, finite = verify(atlas)
    assert "inputs/00.npy holds" in count
    assert "inputs/02.npy holds numbers that are not finite" in finite


@pytest.mark.parametrize("seed", range(20))
def test_intervals_match_the_members_of_each_branch_point(seed: int):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 9, size=6)
    trees = [tree(np.corrcoef(rng.normal(size=(n, 5)))) if n > 1 else np.zeros((0, 4), np.float32) for n in counts]
    result, k, first = intervals(np.concatenate(trees), counts), 0, 0
    assert sorted(result.position) == list(range(counts.sum()))
    for n, linkage in zip(counts, trees, strict=True):
        members = [[leaf] for leaf in range(n)]
        for left, right in linkage[:, :2].astype(int).tolist():
            members.append(members[left] + members[right])
            inside = result.row[result.begin[k] : result.begin[k] + result.size[k]] - first
            assert sorted(inside.tolist()) == sorted(members[-1])
            assert result.row[result.middle[k]] - first in members[right]
            assert result.row[result.begin[k]] - first in members[left]
            k += 1
        first += n


def test_truncated_file_is_detected_at_opening(atlas):
    for name in every_file(atlas):
        good = (atlas / name).read_bytes()
        (atlas / name).write_bytes(good[:-1])
        with pytest.raises(AtlasError, match=f"{Path(name).name} has {len(good) - 1} bytes"):
            Atlas.open(atlas)
        (atlas / name).write_bytes(good)


def test_missing_file_is_detected_at_opening(atlas):
    for name in every_file(atlas):
        moved = (atlas / name).rename(atlas.parent / "away")
        with pytest.raises(AtlasError, match=f"{Path(name).name} is missing"):
            Atlas.open(atlas)
        moved.rename(atlas / name)


def test_extra_file_is_detected(atlas):
    (atlas / "layers" / "notes.txt").write_text("mine")
    assert [("notes.txt" in problem, "not part of the atlas" in problem) for problem in verify(atlas)] == [(True, True)]


def test_folder_without_a_manifest(atlas):
    (atlas / "manifest.json").unlink()
    (problem,) = verify(atlas)
    assert "no manifest.json" in problem


@pytest.mark.parametrize("version", [0, SCHEMA_VERSION - 1, SCHEMA_VERSION + 1, "3", True, None])
def test_other_schema_version_is_refused(atlas, version):
    change_manifest(atlas, schema_version=version)
    (problem,) = verify(atlas)
    assert f"schema version {version!r}" in problem
    assert "build the atlas again" in problem


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "layers/../../outside"])
def test_manifest_with_paths_outside_is_refused(atlas, name: str):
    (atlas.parent / "outside").write_text("secret")
    files = json.loads((atlas / "manifest.json").read_text())["files"]
    change_manifest(atlas, files={**files, name: {"size": 6, "sha256": "0"}})
    (problem,) = verify(atlas)
    assert "outside the atlas" in problem


@pytest.mark.parametrize("text", ["", "[]", "{", "\xff", '{"schema_version": 3}'])
def test_invalid_manifest_is_one_line(atlas, text: str):
    (atlas / "manifest.json").write_text(text, encoding="latin-1")
    (problem,) = verify(atlas)
    assert "\n" not in problem


SYSTEM_FILES = [
    ".DS_Store",
    "layers/.DS_Store",
    "._vocab.json",
    "inputs/._00.npy",
    "Thumbs.db",
    "Desktop.ini",
    "Icon\r",
]
SYSTEM_FILES += [".ipynb_checkpoints/notes-checkpoint.ipynb", "__MACOSX/._vocab.json", "layers/00/.directory"]


@pytest.mark.parametrize("name", SYSTEM_FILES)
def test_files_of_operating_systems_are_ignored(atlas, name, tmp_path):
    (atlas / name).parent.mkdir(exist_ok=True)
    (atlas / name).write_bytes(b"\0\5\x16\7")
    assert list(verify(atlas)) == []
    pack(atlas, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert not {path for path in archive.namelist() if PurePath(path).name == PurePath(name).name}


@pytest.mark.parametrize("name", [".hidden", "Thumbs.db.txt", "notes.DS_Store", "layers/00/_vocab", "desktop.ini.npy"])
def test_other_hidden_files_are_detected(atlas, name):
    (atlas / name).write_bytes(b"mine")
    assert [PurePath(name).name in problem for problem in verify(atlas)] == [True]


def test_system_files_are_not_listed_in_the_manifest(tiny_atlas, tmp_path):
    with new_atlas(tmp_path / "atlas") as folder:
        shutil.copytree(tiny_atlas, folder, dirs_exist_ok=True)
        manifest = read_manifest(folder)
        (folder / "manifest.json").unlink()
        (folder / "layers" / ".DS_Store").write_bytes(b"\0")
        write_manifest(folder, manifest)
    assert list(verify(tmp_path / "atlas")) == []


def test_weights_hash_ignores_files_of_macos(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    before = weights_sha256(tmp_path)
    (tmp_path / "._model.safetensors").write_bytes(b"\0\5\x16\7")
    assert weights_sha256(tmp_path) == before
