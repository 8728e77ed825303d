"""Verify an atlas completely, reading every byte."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from ne_core.atlas.checks.manifest import brief
from ne_core.atlas.checks.members import check_members
from ne_core.atlas.checks.other_trees import verify_other_trees
from ne_core.atlas.data import AtlasData, LayerFiles
from ne_core.atlas.file_hash import file_sha256
from ne_core.atlas.litter import content_files
from ne_core.atlas.open_lab import open_lab
from ne_core.atlas.opening import Atlas
from ne_core.atlas.paths import layer_folder
from ne_core.errors import AtlasError


def verify(root: Path, on_progress: Callable[[int, int], None] | None = None) -> Iterator[str]:
    """Yield the problems of an atlas, a line each; nothing for a valid one. Reads every byte.

    `on_progress` is called with the bytes whose checksum was compared, and their total.
    """
    try:
        atlas = Atlas.open(root)
    except AtlasError as error:
        yield str(error)
        return
    for layer, files in atlas.files.items():
        yield from layer_problems(atlas, layer, files)
    yield from lab_problems(atlas)
    done = 0
    for name, entry in atlas.manifest.files.items():
        if file_sha256(root / name) != entry.get("sha256"):
            yield f"{root / name} is not what was written: its checksum differs from the manifest's"
        done += entry["size"]
        if on_progress:
            on_progress(done, atlas.manifest.size)
    known = {*atlas.manifest.files, "manifest.json"}
    for path in sorted(content_files(root)):
        if path.relative_to(root).as_posix() not in known:
            name = brief(path.relative_to(root).as_posix())  # a name may contain anything, even line breaks
            yield f"{root} holds {name}, which is not part of the atlas: the manifest does not list it"


def layer_problems(atlas: AtlasData, layer: int, files: LayerFiles) -> Iterator[str]:
    """Yield problems of a layer's features and inputs that the checks of the opening do not find."""
    try:
        folder, counts = atlas.root / layer_folder(layer), np.diff(files.offsets)
        check_members(folder, files.columns, counts, atlas.manifest.default_cut)
        if files.other_trees:
            verify_other_trees(folder, files.other_trees, counts)
        if files.inputs:
            files.inputs.check()
    except AtlasError as error:
        yield str(error)


def lab_problems(atlas: AtlasData) -> Iterator[str]:
    """Yield problems of the lab of an atlas, which the opening does not read."""
    try:
        open_lab(atlas)
    except AtlasError as error:
        yield str(error)
