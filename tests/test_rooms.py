"""Which folder may import which, and no circle: read from the sources, imports in functions included."""

import graphlib
import subprocess
import sys
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
# Folder: the folders of the same package that it may import. Files beside the folders are in ROOTS.
MAY = {
    "ne_core": {
        "text": {},
        "method": {"text"},
        "atlas": {"method", "text"},
        "queries": {"atlas", "method", "text"},
        "lab": {"atlas", "method"},
        "export": {"queries", "atlas", "method", "text"},
        "sharing": {"atlas"},
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
        "evaluate": {"run", "models", "steps", "autoencoders"},
        "publish": {"run"},
    },
}
PAGE_FOLDERS = {"about", "neuron", "board", "search", "map", "trail", "pair", "spaces", "lab"}
MAY["pages.components"] |= {folder: set(MAY["pages.components"]) for folder in PAGE_FOLDERS}
# Files beside the folders that every folder may import; the others may import every folder.
SHARED = {
    "ne_core": {"errors", "refs", "palette", "amounts", "numbers", "half"},
    "pages.components": set(),
    "precompute": {"config", "errors", "report"},
}
NOT_AT_START = ("torch", "transformers", "transformer_lens", "scipy", "sklearn", "faiss", "precompute")


def imports(source: str) -> set[str]:
    """Top-level names of everything that a source file imports, anywhere in it."""
    return {name.split(".")[0] for name in imported_names(source)}


def test_imports_in_functions_are_seen():
    assert imports("import a.b\ndef f():\n    from c.d import e") == {"a", "c"}


@pytest.mark.parametrize("room", FORBIDDEN)
def test_rooms_import_only_what_they_may(room):
    files = [ROOT / room] if room.endswith(".py") else sorted((ROOT / room).rglob("*.py"))
    assert files
    found = {file.relative_to(ROOT).as_posix(): imports(file.read_text()) & FORBIDDEN[room] for file in files}
    assert not {file: names for file, names in found.items() if names}


def modules() -> dict[str, Path]:
    """Every module of ours, by its dotted name."""
    files = [path for room in ("ne_core", "pages", "precompute") for path in (ROOT / room).rglob("*.py")]
    dotted = {path: path.relative_to(ROOT).with_suffix("").parts for path in files}
    return {".".join(parts[:-1] if parts[-1] == "__init__" else parts): path for path, parts in dotted.items()}


GRAPH = {
    name: imported(path.read_text(), ROOT, ("ne_core", "pages", "precompute")) - {name}
    for name, path in modules().items()
}


def test_no_circle_of_imports():
    graphlib.TopologicalSorter(GRAPH).prepare()


def folder_of(module: str, package: str) -> str | None:
    """The folder of the package that a module lies in; None for files beside the folders."""
    inside = module.removeprefix(package + ".").split(".")
    return inside[0] if (ROOT / package.replace(".", "/") / inside[0]).is_dir() else None


@pytest.mark.parametrize("package", MAY)
def test_folders_import_only_what_they_may(package):
    wrong = []
    for module in (name for name in GRAPH if name.startswith(package + ".")):
        folder = folder_of(module, package)
        for target in (name for name in GRAPH[module] if folder and name.startswith(package + ".")):
            other = folder_of(target, package)
            may = other in {folder, *MAY[package][folder]} if other else target.split(".")[-1] in SHARED[package]
            wrong += [] if may else [f"{module} imports {target}"]
    assert not wrong


@pytest.mark.parametrize("package", MAY)
def test_every_folder_is_in_the_table_and_the_table_in_the_house(package):
    root = ROOT / package.replace(".", "/")
    assert {path.name for path in root.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(MAY[package])


def test_shared_files_import_no_folder():
    """What every folder may import is below all of them."""
    for package, names in SHARED.items():
        for name in names:
            assert not {other for other in GRAPH[f"{package}.{name}"] if folder_of(other, package)}, name


def test_one_file_imports_ray():
    """It is an extra that most people go without."""
    rooms = [room for room in FORBIDDEN if not room.endswith(".py")]
    files = [ROOT / "app.py", *(file for room in rooms for file in (ROOT / room).rglob("*.py"))]
    found = [file.relative_to(ROOT).as_posix() for file in files if imports(file.read_text()) & {"ray", "grpc"}]
    assert found == ["precompute/run/engines/ray.py"]


def test_one_folder_speaks_to_the_network():
    """What pages show comes from the disk, whoever asks."""
    clients = {"requests", "urllib3", "httpx", "aiohttp", "ftplib", "smtplib"}
    files = [ROOT / "app.py", *(file for room in ("ne_core", "pages") for file in (ROOT / room).rglob("*.py"))]
    found = {file.parent.relative_to(ROOT).as_posix() for file in files if imports(file.read_text()) & clients}
    assert found == {"ne_core/sharing/remote"}


def test_engines_load_without_ray():
    code = "import sys, precompute.run.engines; print([m for m in ('ray', 'grpc', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_app_starts_light():
    """Everything that the first screen imports, in a fresh process."""
    names = ["ne_core.atlas", "ne_core.atlas.verify", "ne_core.export.figures"]
    names += [name for name in modules() if name.startswith("pages.components")]
    code = f"import sys, {', '.join(names)}; print([m for m in {NOT_AT_START!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
