"""The explorer needs few packages: which, at what size, and that it works with nothing else installed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.app import MOST_MB, size_mb
from tests.support.views import open_every_page
from tests.support.web import Site
from tests.test_rooms import imports

ROOT = Path(__file__).parents[2]
APP = [ROOT / "app.py", *(ROOT / "pages").rglob("*.py"), *(ROOT / "ne_core").rglob("*.py")]
ABSENT = ("torch", "transformers", "transformer_lens", "datasets", "scipy", "sklearn", "faiss")
# Verbs that need no model work there; the others say what they lack.
LACKING = {
    "build --preset demo": "torch",
    "synthetic --out nowhere": "torch",
    "lab --out nowhere": "torch",
    "evaluate-demo --model nowhere": "transformers",
}


def pins(file: str) -> dict[str, str]:
    """Package and version of each line of a requirements file."""
    found = re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / file).read_text(), re.M)
    return {name.replace("_", "-"): version for name, version in found}


def third_party(file: Path) -> set[str]:
    return imports(file.read_text()) - {"ne_core", "pages"} - set(sys.stdlib_module_names)


def test_what_the_app_imports_is_what_it_requires():
    found = {file.relative_to(ROOT).as_posix(): third_party(file) for file in APP}
    # Trees are made by the precompute; the app reads them.
    assert found.pop("ne_core/method/cluster.py") - {"scipy"} <= set(pins("requirements-app.txt"))
    assert set().union(*found.values()) == set(pins("requirements-app.txt"))


def test_its_versions_are_those_of_the_whole():
    assert pins("requirements-app.txt").items() <= pins("requirements.txt").items()
    assert pins("requirements.txt").items() <= pins("constraints.txt").items()


def test_it_is_small_and_without_torch(app_only: Path):
    assert size_mb(app_only.parents[1]) < MOST_MB
    code = f"import importlib.util as u; print([m for m in {ABSENT!r} if u.find_spec(m)])"
    assert subprocess.run([app_only, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_every_page_opens_with_it(app_only: Path, tiny_atlas: Path, lab_atlas: Path, tmp_path: Path):
    for atlas in (tiny_atlas, lab_atlas):
        shutil.copytree(atlas, tmp_path / atlas.name)
        assert "sae_lab" in open_every_page(tmp_path, atlas.name, python=app_only)
    assert size_mb(app_only.parents[1]) < MOST_MB  # with the bytecode of what was imported


def said(python: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([python, "-m", "precompute", *arguments], cwd=ROOT, capture_output=True, text=True)


def test_an_atlas_is_checked_and_given_to_others_with_it(app_only: Path, tiny_atlas: Path, tmp_path: Path):
    assert said(app_only, "verify", str(tiny_atlas)).stdout == f"{tiny_atlas} is whole\n"
    archive, again = str(tmp_path / "planted.atlas.zip"), str(tmp_path / "planted")
    for command in (
        ["pack", str(tiny_atlas), "--out", archive],
        ["unpack", archive, "--out", again],
        ["host", "docker", "--atlas", again, "--out", str(tmp_path / "hosted")],
    ):
        assert said(app_only, *command).returncode == 0, command
    assert (tmp_path / "hosted" / "data" / "planted" / "manifest.json").is_file()


def test_an_atlas_is_fetched_with_it(app_only: Path, tiny_atlas: Path, tmp_path: Path, monkeypatch):
    with Site() as hub:
        hub.hub("somebody/planted", tiny_atlas, "1" * 40)
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        monkeypatch.setenv("NE_CACHE", str(tmp_path / "cache"))
        done = said(app_only, "fetch", "hf://somebody/planted", "--out", str(tmp_path / "planted"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "planted" / "manifest.json").is_file()


@pytest.mark.parametrize("command", LACKING)
def test_what_needs_more_says_in_one_line_what_it_lacks(app_only: Path, command: str):
    done = said(app_only, *command.split())
    assert done.returncode == 2
    assert done.stderr == (
        f"this needs {LACKING[command]}, which is not installed here: "
        "python -m pip install -r requirements.txt -c constraints.txt\n"
    )
