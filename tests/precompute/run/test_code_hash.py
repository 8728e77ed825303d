"""Hash of the code that computes the units of a run: what it includes and excludes."""

from pathlib import Path

import pytest

from precompute.run.code_hash import WRITING, closure, code_sha256, module_file

FILES = {
    "precompute/build.py": "from precompute.steps import names\nfrom precompute.write.atlas import write\n",
    "precompute/steps/__init__.py": "",
    "precompute/steps/names.py": "def unit():\n    from ne_core.naming import name\n",
    "precompute/write/atlas.py": "a = 1\n",
    "precompute/evaluate.py": "from precompute import build\n",
    "ne_core/naming.py": "import numpy\n",
}


@pytest.fixture
def code(tmp_path: Path) -> Path:
    for name, source in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(source)
    return tmp_path


def test_closure_includes_imports_in_functions(code: Path):
    assert closure(["precompute.build"], code).keys() == {
        "precompute.build",
        "precompute.steps.names",
        "ne_core.naming",
    }


@pytest.mark.parametrize("name", FILES)
def test_hash_depends_on_modules_that_compute_units_only(code: Path, name: str):
    before = code_sha256("precompute.build", root=code)
    (code / name).write_text(FILES[name] + "# changed\n")
    counts = name in ("precompute/build.py", "precompute/steps/names.py", "ne_core/naming.py")
    assert (code_sha256("precompute.build", root=code) != before) == counts


def test_build_hash_excludes_other_commands():
    covered = closure(["precompute.build"]).keys()
    assert {"precompute.steps.collect.unit", "ne_core.method.trees.cluster", "precompute.corpus.documents"} <= covered
    for part in ("evaluate", "publish", "synthetic", "autoencoders", "demo_model", "write"):
        assert not {name for name in covered if name.startswith(f"precompute.{part}")}, part


def test_excluded_modules_exist():
    assert all(module_file(name) for name in WRITING)
