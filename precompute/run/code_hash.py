"""The code that computes a run's units, as one hash: a run started with other code is not continued."""

import ast
import hashlib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("ne_core", "precompute")
# The last step has no units and always runs from its beginning: a mend in it lets a stopped run continue.
WRITING = ("precompute.write", "precompute.steps.search_index")


def code_sha256(*modules: str, root: Path = ROOT) -> str:
    """One hash of the modules and of everything of ours that they import, at any depth; dotted names."""
    digest = hashlib.sha256()
    for name, source in sorted(closure(modules, root).items()):
        digest.update(f"{name} {source}\n".encode())
    return digest.hexdigest()


def closure(modules: Iterable[str], root: Path = ROOT) -> dict[str, str]:
    """The sources of the modules and of what they import of ours, without what only writes; by dotted name."""
    sources, waiting = {}, list(modules)
    while waiting:
        name = waiting.pop()
        if name in sources or any(name == part or name.startswith(part + ".") for part in WRITING):
            continue
        sources[name] = module_file(name, root).read_text(encoding="utf-8")
        waiting += imported(sources[name], root)
    return sources


def imported(source: str, root: Path = ROOT, ours: tuple[str, ...] = OURS) -> set[str]:
    """The modules of ours that a source imports anywhere in it, by themselves or by a name in them."""
    names = {name for name in imported_names(source) if name.split(".")[0] in ours}
    modules = (name if module_file(name, root) else name.rpartition(".")[0] for name in names)
    return {name for name in modules if module_file(name, root)}


def imported_names(source: str) -> set[str]:
    """Dotted names of everything that a source imports, in functions too: modules, and what is taken from them."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports name their room"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def module_file(name: str, root: Path = ROOT) -> Path | None:
    """The file of a dotted name; None where it names no module."""
    path = root.joinpath(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)
