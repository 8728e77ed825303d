"""An atlas as a directory, its manifest written last. Its files: arrays.py, tables.py; its place: atomic_write."""

import importlib.metadata
import platform
from pathlib import Path

from ne_core.atlas.file_hash import file_sha256
from ne_core.atlas.litter import own_files
from ne_core.atlas.manifest import Manifest, manifest_text
from ne_core.atlas.schema import SCHEMA_VERSION
from ne_core.atlas.typed_json import declared, from_json
from ne_core.sharing.atomic_write import WriteError

LIBRARIES = ("numpy", "scipy", "pyarrow", "faiss-cpu", "torch", "transformers", "transformer-lens", "tokenizers")


def write_manifest(folder: Path, facts: dict) -> None:
    """Last: a directory without a manifest is not an atlas."""
    raw = {**facts, "schema_version": SCHEMA_VERSION, "libraries": libraries(), "files": checksums(folder)}
    if set(raw) != set(declared(Manifest)):
        raise WriteError(
            f"manifest: {', '.join(sorted(set(raw) ^ set(declared(Manifest))))} must be given and nothing else"
        )
    (folder / "manifest.json").write_text(manifest_text(from_json(Manifest, raw)), encoding="utf-8")


def checksums(folder: Path) -> dict[str, dict]:
    paths = sorted(own_files(folder))
    return {p.relative_to(folder).as_posix(): {"sha256": file_sha256(p), "size": p.stat().st_size} for p in paths}


def libraries() -> dict[str, str]:
    """Versions of what had a part in the numbers; absent ones had none."""
    versions = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
