"""An atlas as one file and back, from the command line. It starts where there is no torch, too."""

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


def packed(directory: Path, out: Path | None, inputs: bool) -> str:
    """Pack it, beside its directory unless told; what to say of it. Raises AtlasError in one line."""
    root = directory.resolve()
    out = out or root.parent / f"{root.name}{ENDING}"
    with Progress(1).stage("pack", "bytes") as told:
        size = pack(directory, out, inputs, told)
    return f"{out}: {megabytes(size)}; {inputs_said(directory, inputs)}\nsha256 {file_sha256(out)}"


def inputs_said(directory: Path, kept: bool) -> str:
    """How much of the atlas its inputs are, and what became of them."""
    manifest = read_manifest(directory)
    if not manifest.inputs:
        return "the atlas has no inputs"
    became = "--without-inputs leaves them out" if kept else "they are left out"
    return f"{inputs_size(manifest) / manifest.size:.0%} of the atlas's {megabytes(manifest.size)} are inputs: {became}"


def unpacked(archive: Path, out: Path | None) -> str:
    """Restore it, into data/ under the archive's name unless told; what to say of it. Raises AtlasError in one line."""
    out = out or default_place(archive)
    with Progress(1).stage("unpack", "bytes") as told:
        unpack(archive, out, told)
    return f"{out}: {megabytes(read_manifest(out).size)}, checked"


def default_place(archive: Path) -> Path:
    name = archive.name.removesuffix(".zip").removesuffix(".atlas")
    if not NAME.fullmatch(name):
        raise AtlasError(f"{archive} has no name that a directory could have: name one with --out")
    return Path("data") / name
