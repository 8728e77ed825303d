"""Stage 5: an atlas as a directory: moved into place whole, its manifest written last. Its files: `write_*`."""

import importlib.metadata
import json
import os
import platform
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ne_core.checks import file_sha256
from ne_core.schema import MANIFEST, SCHEMA_VERSION

LIBRARIES = ("numpy", "scipy", "pyarrow", "faiss-cpu", "torch", "transformers", "transformer-lens", "tokenizers")


class WriteError(ValueError):
    """The atlas cannot be written; the message says why in one line."""


@contextmanager
def new_atlas(out: Path) -> Iterator[Path]:
    """A folder to write into, which becomes `out` when the block ends well; what stood at `out` stays until then."""
    check_target(out)
    out = Path(os.path.abspath(out))
    folder = beside(out, "writing")
    clear_up(out)
    try:
        folder.mkdir(parents=True)
        yield folder
        if not (folder / "manifest.json").exists():
            raise WriteError(f"{folder} was left without a manifest")
        move_into_place(folder, out)
    except (OSError, sqlite3.Error) as error:
        raise WriteError(f"{out} cannot be written: {getattr(error, 'strerror', None) or error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_target(out: Path) -> None:
    """Only nothing, an empty directory or an atlas may be replaced by an atlas."""
    if out.is_dir():
        if any(out.iterdir()) and not (out / "manifest.json").is_file():
            raise WriteError(f"{out} holds files and is not an atlas: it is left as it is, name another directory")
    elif out.exists() or out.is_symlink():
        raise WriteError(f"{out} is not a directory")


def beside(out: Path, role: str) -> Path:
    return out.parent / f".{out.name}.{role}"


def clear_up(out: Path) -> None:
    """What a killed run left: a half-written folder, or the old atlas between the two renames of `move_into_place`."""
    shutil.rmtree(beside(out, "writing"), ignore_errors=True)
    put_back(out)


def put_back(out: Path) -> None:
    """The old atlas, if the new one did not get into its place."""
    if beside(out, "old").exists() and not out.exists():
        beside(out, "old").rename(out)


def move_into_place(folder: Path, out: Path) -> None:
    """Two renames, so that `out` is the old atlas or the new one and never a mixture."""
    old = beside(out, "old")
    shutil.rmtree(old, ignore_errors=True)
    try:
        if out.exists():
            out.rename(old)
        folder.rename(out)
    finally:
        put_back(out)
    shutil.rmtree(old, ignore_errors=True)


def write_manifest(folder: Path, facts: dict) -> None:
    """Last: a directory without a manifest is not an atlas."""
    raw = {**facts, "schema_version": SCHEMA_VERSION, "libraries": libraries(), "files": checksums(folder)}
    if set(raw) != set(MANIFEST):
        raise WriteError(f"manifest: {', '.join(sorted(set(raw) ^ set(MANIFEST)))} must be given and nothing else")
    text = json.dumps(raw, indent=1, sort_keys=True, allow_nan=False)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def checksums(folder: Path) -> dict[str, dict]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
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
