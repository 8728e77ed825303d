"""Atlases of a hostile or careless writer: changed, with sizes and checksums that match again."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ne_core.atlas.file_hash import file_sha256

ODD_TEXT = "<b onload=x>](javascript:1) :red[x]\n$\\x$ \u202e\x00\x1b \ud800" + "é" * 60
DEEP = json.loads("[" * 200 + "]" * 200)
ODD_VALUES = (
    None, True, 0, -1, 3, 1.5, 2**31, 10**30, 10**400, float("nan"), float("inf"), "", ODD_TEXT, [], [10**9], [0, 0],
    [ODD_TEXT], [None], {}, {"back": 10**9, "forward": 10**9}, {ODD_TEXT: [ODD_TEXT]}, DEEP, {"a": DEEP},
)  # fmt: skip


def copy_atlas(atlas: Path, to: Path) -> Path:
    return Path(shutil.copytree(atlas, to, symlinks=True))


def manifest_of(root: Path) -> dict:
    return json.loads((root / "manifest.json").read_text())


def set_manifest(root: Path, **fields) -> None:
    (root / "manifest.json").write_text(json.dumps({**manifest_of(root), **fields}))


def seal(root: Path) -> None:
    """Update sizes and checksums in the manifest, so that only the contents of the files are wrong."""
    files = manifest_of(root)["files"]
    for name in files:
        path = root / name
        if path.is_file():
            files[name] = {"size": path.stat().st_size, "sha256": file_sha256(path)}
    set_manifest(root, files=files)


def change_array(root: Path, name: str, change: Callable[[np.ndarray], np.ndarray | None]) -> None:
    """Apply `change` to an array, in place or by returning another."""
    array = np.load(root / name)
    other = change(array)
    np.save(root / name, array if other is None else other)
    seal(root)


def change_table(root: Path, name: str, **columns) -> None:
    """Replace the values of some columns; None removes a column."""
    table = pq.read_table(root / name)
    for column, values in columns.items():
        index = table.column_names.index(column)
        table = table.remove_column(index) if values is None else table.set_column(index, column, pa.array(values))
    pq.write_table(table, root / name)
    seal(root)


def change_bytes(root: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    (root / name).write_bytes(change((root / name).read_bytes()))
    seal(root)


def change_search(root: Path, script: str) -> None:
    connection = sqlite3.connect(root / "search.sqlite", isolation_level=None)
    connection.executescript(script)
    connection.close()
    seal(root)


def flip_bytes(rng: np.random.Generator, original: bytes) -> bytes:
    """Change some bytes, most often near the beginning or the end, where headers and footers are."""
    raw = bytearray(original)
    for _ in range(int(rng.integers(1, 8))):
        offset = int(rng.integers(min(len(raw), 200)))
        index = (offset, len(raw) - 1 - offset, int(rng.integers(len(raw))))[int(rng.integers(3))]
        raw[index] = int(rng.integers(256))
    return bytes(raw)


def truncate(rng: np.random.Generator, original: bytes) -> bytes:
    return original[: int(rng.integers(len(original)))]


def link_out(root: Path, name: str) -> None:
    """Move a file out of the atlas and put a link in its place."""
    outside = root.parent / f"outside-{root.name}"
    shutil.move(root / name, outside)
    os.symlink(outside, root / name, target_is_directory=outside.is_dir())


# The same as functions of a copy of an atlas, for tables of damage.
Damage = Callable[[Path], object]


def set_values(name: str, index, value) -> Damage:
    """Write numbers into an array."""
    return lambda root: change_array(root, name, lambda array: array.__setitem__(index, value))


def replace_array(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Damage:
    """Replace an array with a function of it."""
    return lambda root: change_array(root, name, change)


def replace_columns(name: str, **columns) -> Damage:
    return lambda root: change_table(root, name, **columns)


def replace_bytes(name: str, old: bytes, new: bytes) -> Damage:
    return lambda root: change_bytes(root, name, lambda raw: raw.replace(old, new))


def replace_file(name: str, contents: bytes) -> Damage:
    return lambda root: change_bytes(root, name, lambda _: contents)


def set_fields(**values) -> Damage:
    return lambda root: set_manifest(root, **values)


def run_sql(text: str) -> Damage:
    return lambda root: change_search(root, text)


def without_documents(root: Path) -> Path:
    """Make the atlas one without sources, as older ones are."""
    manifest = manifest_of(root)
    del manifest["documents"]
    manifest["files"] = {name: entry for name, entry in manifest["files"].items() if not name.startswith("documents/")}
    shutil.rmtree(root / "documents")
    (root / "manifest.json").write_text(json.dumps(manifest))
    return root
