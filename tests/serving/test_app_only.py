"""The explorer's own requirements: which packages, their size, and that it works with nothing else installed."""

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
# Commands that need no model work; the others name the missing package.
MISSING = {
    "build --preset demo": "torch",
    "synthetic --out nowhere": "torch",
    "lab --out nowhere": "torch",
    "evaluate-demo --model nowhere": "transformers",
}


def pins(file: str) -> dict[str, str]:
    """Return package and version of each line of a requirements file."""
    lines = re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / file).read_text(), re.M)
    return {name.replace("_", "-"): version for name, version in lines}


def third_party(file: Path) -> set[str]:
    return imports(file.read_text()) - {"ne_core", "pages"} - set(sys.stdlib_module_names)


def test_requirements_match_imports():
    imported = {file.relative_to(ROOT).as_posix(): third_party(file) for file in APP}
    # Trees are computed by the precompute; the app reads them.
    assert imported.pop("ne_core/method/trees/cluster.py") - {"scipy"} <= set(pins("requirements-app.txt"))
    assert set().union(*imported.values()) == set(pins("requirements-app.txt"))


def test_versions_match_full_requirements():
    assert pins("requirements-app.txt").items() <= pins("requirements.txt").items()
    assert pins("requirements.txt").items() <= pins("constraints.txt").items()


def test_environment_is_small_and_without_torch(app_only: Path):
    assert size_mb(app_only.parents[1]) < MOST_MB
    code = f"import importlib.util as u; print([m for m in {ABSENT!r} if u.find_spec(m)])"
    assert subprocess.run([app_only, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_every_page_opens(app_only: Path, tiny_atlas: Path, lab_atlas: Path, tmp_path: Path):
    for atlas in (tiny_atlas, lab_atlas):
        shutil.copytree(atlas, tmp_path / atlas.name)
        assert "sae_lab" in open_every_page(tmp_path, atlas.name, python=app_only)
    assert size_mb(app_only.parents[1]) < MOST_MB  # including bytecode


def run_precompute(python: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([python, "-m", "precompute", *arguments], cwd=ROOT, capture_output=True, text=True)


def test_verify_pack_unpack_and_host_work(app_only: Path, tiny_atlas: Path, tmp_path: Path):
    assert run_precompute(app_only, "verify", str(tiny_atlas)).stdout == f"{tiny_atlas} is complete and unchanged\n"
    archive, again = str(tmp_path / "planted.atlas.zip"), str(tmp_path / "planted")
    for command in (
        ["pack", str(tiny_atlas), "--out", archive],
        ["unpack", archive, "--out", again],
        ["host", "docker", "--atlas", again, "--out", str(tmp_path / "hosted")],
    ):
        assert run_precompute(app_only, *command).returncode == 0, command
    assert (tmp_path / "hosted" / "data" / "planted" / "manifest.json").is_file()


def test_fetch_works(app_only: Path, tiny_atlas: Path, tmp_path: Path, monkeypatch):
    with Site() as hub:
        hub.hub("somebody/planted", tiny_atlas, "1" * 40)
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        monkeypatch.setenv("NE_CACHE", str(tmp_path / "cache"))
        process = run_precompute(app_only, "fetch", "hf://somebody/planted", "--out", str(tmp_path / "planted"))
    assert process.returncode == 0, process.stderr
    assert (tmp_path / "planted" / "manifest.json").is_file()


@pytest.mark.parametrize("command", MISSING)
def test_missing_packages_are_named_in_one_line(app_only: Path, command: str):
    process = run_precompute(app_only, *command.split())
    assert process.returncode == 2
    assert process.stderr == (
        f"this needs {MISSING[command]}, which is not installed here: "
        "python -m pip install -r requirements.txt -c constraints.txt\n"
    )
