"""Commands `pack` and `unpack`: an atlas as one file and back. They do not import torch."""

import re
from pathlib import Path

from ne_core.amounts import megabytes
from ne_core.atlas.file_hash import file_sha256
from ne_core.atlas.read_manifest import read_manifest
from ne_core.errors import AtlasError
from ne_core.sharing.archive import pack, unpack
from ne_core.sharing.archive.selection import inputs_size
from precompute.run.progress import Progress

ENDING = ".atlas.zip"
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


def pack_atlas(directory: Path, out: Path | None, inputs: bool) -> str:
    """Pack an atlas, beside its directory by default; returns a report. Raises AtlasError in one line."""
    root = directory.resolve()
    out = out or root.parent / f"{root.name}{ENDING}"
    with Progress(1).stage("pack", "bytes") as on_progress:
        size = pack(directory, out, inputs, on_progress)
    return f"{out}: {megabytes(size)}; {inputs_text(directory, inputs)}\nsha256 {file_sha256(out)}"


def inputs_text(directory: Path, packed: bool) -> str:
    """Describe the share of the inputs, and whether they were packed."""
    manifest = read_manifest(directory)
    if not manifest.inputs:
        return "the atlas has no inputs"
    outcome = "--without-inputs leaves them out" if packed else "they are left out"
    return (
        f"{inputs_size(manifest) / manifest.size:.0%} of the atlas's {megabytes(manifest.size)} are inputs: {outcome}"
    )


def unpack_archive(archive: Path, out: Path | None) -> str:
    """Unpack into data/ under the archive's name by default; returns a report. Raises AtlasError in one line."""
    out = out or default_place(archive)
    with Progress(1).stage("unpack", "bytes") as on_progress:
        unpack(archive, out, on_progress)
    return f"{out}: {megabytes(read_manifest(out).size)}, checked"


def default_place(archive: Path) -> Path:
    name = archive.name.removesuffix(".zip").removesuffix(".atlas")
    if not NAME.fullmatch(name):
        raise AtlasError(f"{archive} has a name that no directory can have: name one with --out")
    return Path("data") / name
