"""The code that computes a run's units, as one hash: a run started with other code is not continued."""

import ast
import hashlib
from collections.abc import Iterable
from pathlib import Path

from ne_core.atlas.file_hash import file_sha256

ROOT = Path(__file__).parents[2]
OURS = ("ne_core", "precompute")
# The last step has no units and always runs from its beginning: a mend in it lets a stopped run continue.
WRITING = ("precompute.write", "precompute.steps.search_index")


def code_sha256(*modules: str, root: Path = ROOT) -> str:
    """One hash of the modules and of everything of ours that they import, at any depth; dotted names."""
    digest = hashlib.sha256()
    for name in sorted(closure(modules, root)):
        digest.update(f"{name} {file_sha256(module_file(name, root))}\n".encode())
    return digest.hexdigest()


def closure(modules: Iterable[str], root: Path = ROOT) -> set[str]:
    """The modules and what they import of ours, without what only writes."""
    known, waiting = set(), list(modules)
    while waiting:
        name = waiting.pop()
        if name in known or any(name == part or name.startswith(part + ".") for part in WRITING):
            continue
        known.add(name)
        waiting += imported(module_file(name, root).read_text(encoding="utf-8"), root)
    return known


def imported(source: str, root: Path = ROOT, ours: tuple[str, ...] = OURS) -> set[str]:
    """The modules of ours that a source imports anywhere in it, by themselves or by a name in them."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            inside = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            names |= {full if module_file(full, root) else node.module for full in inside.values()}
    return {name for name in names if name.split(".")[0] in ours and module_file(name, root)}


def module_file(name: str, root: Path = ROOT) -> Path | None:
    """The file of a dotted name; None where it names no module."""
    path = root.joinpath(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)
