"""Read the manifest and other JSON of an atlas, with a limit on size, and check it."""

import json
from pathlib import Path

from ne_core.atlas.arrays import atlas_file
from ne_core.atlas.checks.manifest import checked_manifest
from ne_core.atlas.manifest import Manifest
from ne_core.errors import AtlasError

MOST_BYTES = 2**22  # maximum size of the manifest, which lists some hundred files


def read_manifest(root: Path) -> Manifest:
    """Read the manifest of the atlas in `root`. Raises AtlasError if it is missing, invalid or of another version."""
    if not (root / "manifest.json").exists():
        raise AtlasError(f"{root} is not a finished atlas: it has no manifest.json")
    return manifest_of(root / "manifest.json", small_file(root, "manifest.json", MOST_BYTES))


def manifest_of(path: Path, text: bytes) -> Manifest:
    """Parse and check a manifest; `path` is its origin, for messages."""
    return checked_manifest(path, parsed(path, text))


def load_json(root: Path, name: str, most: int) -> object:
    """Parse a JSON file of at most `most` bytes."""
    return parsed(root / name, small_file(root, name, most))


def small_file(root: Path, name: str, most: int) -> bytes:
    """The bytes of a file of at most `most` bytes. Raises AtlasError."""
    path = atlas_file(root, name)
    if path.stat().st_size > most:
        raise AtlasError(f"{path} is longer than {most} bytes: build the atlas again")
    try:
        return path.read_bytes()
    except OSError as error:
        raise AtlasError(f"{path} cannot be read: {error.strerror}") from None


def parsed(path: Path, text: bytes) -> object:
    """Parse the JSON. Raises AtlasError."""
    try:
        return json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError):
        raise AtlasError(f"{path} is not readable JSON: build the atlas again") from None
