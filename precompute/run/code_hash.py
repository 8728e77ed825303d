"""Hash of the code that computes the units of a run: a run started with different code is not continued."""

import ast
import hashlib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("ne_core", "precompute")
# The last step has no units and always runs from its beginning: a stopped run continues after a fix in it.
WRITING = ("precompute.write", "precompute.steps.search_index")


def code_sha256(*modules: str, root: Path = ROOT) -> str:
    """Return one hash of the modules (dotted names) and of all project modules that they import, at any depth."""
    digest = hashlib.sha256()
    for name, source in sorted(closure(modules, root).items()):
        digest.update(f"{name} {source}\n".encode())
    return digest.hexdigest()


def closure(modules: Iterable[str], root: Path = ROOT) -> dict[str, str]:
    """Return the sources of the modules and of the project modules they import, by dotted name, without WRITING."""
    sources, pending = {}, list(modules)
    while pending:
        name = pending.pop()
        if name in sources or any(name == part or name.startswith(part + ".") for part in WRITING):
            continue
        sources[name] = module_file(name, root).read_text(encoding="utf-8")
        pending += imported(sources[name], root)
    return sources


def imported(source: str, root: Path = ROOT, ours: tuple[str, ...] = OURS) -> set[str]:
    """Return the project modules that a source imports anywhere in it, directly or by a name in them."""
    names = {name for name in imported_names(source) if name.split(".")[0] in ours}
    modules = (name if module_file(name, root) else name.rpartition(".")[0] for name in names)
    return {name for name in modules if module_file(name, root)}


def imported_names(source: str) -> set[str]:
    """Return dotted names of everything that a source imports, also in functions: modules, and names in modules."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def module_file(name: str, root: Path = ROOT) -> Path | None:
    """Return the file of a dotted name, or None if it is not a module."""
    path = root.joinpath(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)
