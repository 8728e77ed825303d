"""This project's own code as one number: a run that was begun with other code is not gone on with."""

import hashlib
from pathlib import Path

import ne_core
import precompute
from ne_core.checks import file_sha256


def code_sha256() -> str:
    """One hash over what computes the atlas."""
    digest = hashlib.sha256()
    for package in (ne_core, precompute):
        root = Path(package.__path__[0])
        for path in sorted(root.rglob("*.py")):
            digest.update(f"{path.relative_to(root)} {file_sha256(path)}\n".encode())
    return digest.hexdigest()
