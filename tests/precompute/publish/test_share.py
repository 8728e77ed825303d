"""Tests of the commands `pack` and `unpack`: their output, default paths, and imports."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from precompute.__main__ import main
from tests.precompute.steps.test_write import files
from tests.support.planted import make_atlas

ROOT = Path(__file__).parents[3]
HEAVY = ("torch", "transformers", "transformer_lens", "datasets", "sklearn", "scipy", "faiss", "huggingface_hub")


def test_round_trip(tiny_atlas: Path, tmp_path: Path, capsys):
    archive, out = tmp_path / "packed.atlas.zip", tmp_path / "unpacked"
    assert main(["pack", str(tiny_atlas), "--out", str(archive)]) == 0
    report = capsys.readouterr().out
    assert f"sha256 {hashlib.sha256(archive.read_bytes()).hexdigest()}" in report
    inputs = sum(path.stat().st_size for path in (tiny_atlas / "inputs").iterdir())
    size = sum(len(data) for name, data in files(tiny_atlas).items() if name != "manifest.json")
    assert f"{inputs / size:.0%} of the atlas's" in report
    assert "--without-inputs leaves them out" in report
    assert main(["unpack", str(archive), "--out", str(out)]) == 0
    assert f"{out}: {size / 1e3:.1f} kB" in capsys.readouterr().out
    assert files(out) == files(tiny_atlas)


def test_default_paths(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    atlas = make_atlas(tmp_path / "atlases" / "mine")
    assert main(["pack", "atlases/mine", "--without-inputs"]) == 0
    assert "they are left out" in capsys.readouterr().out
    assert main(["unpack", "atlases/mine.atlas.zip"]) == 0
    assert set(files(atlas)) - set(files(tmp_path / "data" / "mine")) == {"inputs/00.npy", "inputs/02.npy"}
    assert main(["pack", "data/mine"]) == 0
    assert "the atlas has no inputs" in capsys.readouterr().out
    assert (tmp_path / "data/mine.atlas.zip").read_bytes() == (tmp_path / "atlases/mine.atlas.zip").read_bytes()


BAD = {
    "nothing to pack": ["pack", "{place}/nowhere"],
    "no atlas": ["pack", "{place}"],
    "no option of it": ["pack", "{place}/atlas", "--with-love"],
    "no archive": ["unpack", "{place}/nowhere.atlas.zip"],
    "a folder": ["unpack", "{place}"],
    "a text": ["unpack", "{place}/text.zip", "--out", "{place}/new"],
    "a name of dots": ["unpack", "{place}/..zip"],
    "onto a file": ["pack", "{place}/atlas", "--out", "{place}"],
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_exit_code_2_and_one_line(name: str, tiny_atlas: Path, tmp_path: Path, capsys):
    (tmp_path / "atlas").symlink_to(tiny_atlas)
    (tmp_path / "text.zip").write_text("no zip")
    try:
        code = main([part.format(place=tmp_path) for part in BAD[name]])
    except SystemExit as stop:
        code = stop.code
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("[")]  # progress
    assert code == 2
    assert len(lines) == 1, lines
    assert sorted(path.name for path in tmp_path.iterdir()) == ["atlas", "text.zip"]


@pytest.mark.parametrize("verb", ["pack", "unpack"])
def test_runs_with_the_app_packages_only(verb: str, tiny_atlas: Path, tmp_path: Path):
    """Run in a process that cannot import packages that the app does not need."""
    main(["pack", str(tiny_atlas), "--out", str(tmp_path / "a.zip")])
    arguments = {"pack": [str(tiny_atlas), "--out", str(tmp_path / "b.zip")]}.get(
        verb, [str(tmp_path / "a.zip"), "--out"]
    )
    arguments += [str(tmp_path / "out")] if verb == "unpack" else []
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({HEAVY!r}))\n"
        f"from precompute.__main__ import main; sys.exit(main({[verb, *arguments]!r}))"
    )
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
