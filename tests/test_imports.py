"""The import table of DESIGN.md: which room may import what, read from the sources, imports in functions included."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = {"torch", "transformer_lens", "transformers", "datasets"}
FORBIDDEN = {
    "ne_core": HEAVY | {"streamlit", "precompute", "pages"},
    "precompute": {"streamlit", "pages"},
    "pages": HEAVY | {"precompute", "scipy", "sklearn"},
    "app.py": HEAVY | {"precompute", "scipy", "sklearn"},
}
NOT_AT_START = ("torch", "transformers", "transformer_lens", "scipy", "sklearn", "faiss", "precompute")


def imports(source: str) -> set[str]:
    """Top-level names of everything that a source file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports name their room"
            names.add(node.module.split(".")[0])
    return names


def test_imports_in_functions_are_seen():
    assert imports("import a.b\ndef f():\n    from c.d import e") == {"a", "c"}


@pytest.mark.parametrize("room", FORBIDDEN)
def test_rooms_import_only_what_they_may(room):
    files = [ROOT / room] if room.endswith(".py") else sorted((ROOT / room).rglob("*.py"))
    assert files
    found = {file.relative_to(ROOT).as_posix(): imports(file.read_text()) & FORBIDDEN[room] for file in files}
    assert not {file: names for file, names in found.items() if names}


def test_one_file_imports_ray():
    """It is an extra that most people go without."""
    rooms = [room for room in FORBIDDEN if not room.endswith(".py")]
    files = [ROOT / "app.py", *(file for room in rooms for file in (ROOT / room).rglob("*.py"))]
    found = [file.relative_to(ROOT).as_posix() for file in files if imports(file.read_text()) & {"ray", "grpc"}]
    assert found == ["precompute/engines/ray.py"]


def test_one_folder_speaks_to_the_network():
    """What pages show comes from the disk, whoever asks."""
    clients = {"requests", "urllib3", "httpx", "aiohttp", "ftplib", "smtplib"}
    files = [ROOT / "app.py", *(file for room in ("ne_core", "pages") for file in (ROOT / room).rglob("*.py"))]
    found = {file.parent.relative_to(ROOT).as_posix() for file in files if imports(file.read_text()) & clients}
    assert found == {"ne_core/remote"}


def test_engines_load_without_ray():
    code = "import sys, precompute.engines; print([m for m in ('ray', 'grpc', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_app_starts_light():
    """Everything that the first screen imports, in a fresh process."""
    modules = [path.relative_to(ROOT).with_suffix("") for path in (ROOT / "pages" / "components").glob("*.py")]
    names = ["ne_core.atlas", "ne_core.checks", "ne_core.figures", *(".".join(m.parts) for m in modules)]
    code = f"import sys, {', '.join(names)}; print([m for m in {NOT_AT_START!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
