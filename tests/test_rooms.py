"""Allowed imports between folders, and no import cycles, read from the sources, including imports in functions."""

import graphlib
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from precompute.run.code_hash import imported, imported_names

ROOT = Path(__file__).parents[1]
HEAVY = {"torch", "transformer_lens", "transformers", "datasets"}
FORBIDDEN = {
    "ne_core": HEAVY | {"streamlit", "precompute", "pages"},
    "precompute": {"streamlit", "pages"},
    "pages": HEAVY | {"precompute", "scipy", "sklearn"},
    "app.py": HEAVY | {"precompute", "scipy", "sklearn"},
}
# Folders of the same package that each folder may import. Files outside the folders are in SHARED.
ALLOWED = {
    "ne_core": {
        "text": {},
        "method": {"text"},
        "atlas": {"method", "text"},
        "queries": {"atlas", "method", "text"},
        "lab": {"atlas", "method"},
        "export": {"queries", "atlas", "method", "text"},
        "sharing": {"atlas"},
        "live": {"method"},
    },
    "pages.components": {
        "base": {},
        "text": {},
        "serving": {},
        "cached": {"base"},
        "url": {"base", "text", "cached"},
        "matching": {"text", "cached", "url"},
        "shell": {"base", "serving", "url"},
        "widgets": {"base", "text", "serving", "cached", "url", "matching"},
    },
    "precompute": {
        "run": {},
        "corpus": {"run"},
        "models": {"run", "corpus"},
        "steps": {"run", "models"},
        "write": {"run", "steps"},
        "demo_model": {"corpus", "run"},
        "synthetic": {"run", "steps", "write"},
        "autoencoders": {"run", "corpus", "models", "steps", "write"},
        "evaluate": {"run", "models", "steps", "autoencoders", "live"},
        "publish": {"run", "models"},
        "live": {"run", "corpus", "models", "write"},
    },
}
PAGE_FOLDERS = {
    "about",
    "overview",
    "neuron",
    "ranking",
    "search",
    "map",
    "across_layers",
    "side_by_side",
    "spaces",
    "game",
    "lab",
    "prompt",
}
ALLOWED["pages.components"] |= {folder: set(ALLOWED["pages.components"]) for folder in PAGE_FOLDERS}
# Files outside the folders that every folder may import; other such files may import every folder.
SHARED = {
    "ne_core": {"errors", "refs", "palette", "amounts", "numbers", "half"},
    "pages.components": set(),
    "precompute": {"config", "errors", "report"},
}
NOT_AT_START = ("torch", "transformers", "transformer_lens", "scipy", "sklearn", "faiss", "precompute")


def imports(source: str) -> set[str]:
    """Return the top-level names of all imports of a source file."""
    return {name.split(".")[0] for name in imported_names(source)}


def test_imports_in_functions_are_included():
    assert imports("import a.b\ndef f():\n    from c.d import e") == {"a", "c"}


@pytest.mark.parametrize("room", FORBIDDEN)
def test_packages_import_only_allowed_packages(room):
    files = [ROOT / room] if room.endswith(".py") else sorted((ROOT / room).rglob("*.py"))
    assert files
    forbidden = {file.relative_to(ROOT).as_posix(): imports(file.read_text()) & FORBIDDEN[room] for file in files}
    assert not {file: names for file, names in forbidden.items() if names}


def modules() -> dict[str, Path]:
    """Return every module of the project, by its dotted name."""
    files = [path for room in ("ne_core", "pages", "precompute") for path in (ROOT / room).rglob("*.py")]
    dotted = {path: path.relative_to(ROOT).with_suffix("").parts for path in files}
    return {".".join(parts[:-1] if parts[-1] == "__init__" else parts): path for path, parts in dotted.items()}


@cache
def graph() -> dict[str, set[str]]:
    """Return the modules that each module imports."""
    rooms = ("ne_core", "pages", "precompute")
    return {name: imported(path.read_text(), ROOT, rooms) - {name} for name, path in modules().items()}


def test_no_import_cycles():
    graphlib.TopologicalSorter(graph()).prepare()


def folder_of(module: str, package: str) -> str | None:
    """Return the folder of the package that contains a module; None for files outside the folders."""
    inside = module.removeprefix(package + ".").split(".")
    return inside[0] if (ROOT / package.replace(".", "/") / inside[0]).is_dir() else None


@pytest.mark.parametrize("package", ALLOWED)
def test_folders_import_only_allowed_folders(package):
    violations = []
    for module in (name for name in graph() if name.startswith(package + ".")):
        folder = folder_of(module, package)
        for target in (name for name in graph()[module] if folder and name.startswith(package + ".")):
            other = folder_of(target, package)
            allowed = (
                other in {folder, *ALLOWED[package][folder]} if other else target.split(".")[-1] in SHARED[package]
            )
            violations += [] if allowed else [f"{module} imports {target}"]
    assert not violations


@pytest.mark.parametrize("package", ALLOWED)
def test_table_lists_every_folder(package):
    root = ROOT / package.replace(".", "/")
    assert {path.name for path in root.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(
        ALLOWED[package]
    )


def test_shared_files_import_no_folder():
    """Shared files are below all folders."""
    for package, names in SHARED.items():
        for name in names:
            assert not {other for other in graph()[f"{package}.{name}"] if folder_of(other, package)}, name


def test_only_one_file_imports_ray():
    """Ray is an optional extra."""
    rooms = [room for room in FORBIDDEN if not room.endswith(".py")]
    files = [ROOT / "app.py", *(file for room in rooms for file in (ROOT / room).rglob("*.py"))]
    importers = [file.relative_to(ROOT).as_posix() for file in files if imports(file.read_text()) & {"ray", "grpc"}]
    assert importers == ["precompute/run/engines/ray.py"]


def test_only_one_folder_uses_the_network():
    """Pages display only what is on disk."""
    clients = {"requests", "urllib3", "httpx", "aiohttp", "ftplib", "smtplib"}
    files = [ROOT / "app.py", *(file for room in ("ne_core", "pages") for file in (ROOT / room).rglob("*.py"))]
    folders = {file.parent.relative_to(ROOT).as_posix() for file in files if imports(file.read_text()) & clients}
    assert folders == {"ne_core/sharing/remote"}


def test_engines_load_without_ray():
    code = "import sys, precompute.run.engines; print([m for m in ('ray', 'grpc', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_app_starts_without_heavy_imports():
    """Import everything that the first screen needs, in a fresh process."""
    names = ["ne_core.atlas", "ne_core.atlas.verify", "ne_core.export.figures"]
    names += [name for name in modules() if name.startswith("pages.components")]
    code = f"import sys, {', '.join(names)}; print([m for m in {NOT_AT_START!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
