"""This project's own code as one number: a run that was begun with other code is not gone on with."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import ne_core
import precompute
from ne_core.checks import file_sha256

# The last stage keeps no units and is always done from its beginning: a mend in it lets a stopped run go on.
WRITING = ("write.py", "write_arrays.py", "write_tables.py", "search_index.py")


def code_sha256() -> str:
    """One hash over what computes the units that a run keeps."""
    return hash_of(Path(package.__path__[0]) for package in (ne_core, precompute))


def hash_of(roots: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for root in roots:
        for path in sorted(root.rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if name not in WRITING:
                digest.update(f"{name} {file_sha256(path)}\n".encode())
    return digest.hexdigest()
