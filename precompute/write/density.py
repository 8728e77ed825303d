"""Firings counted over the corpus, added to an atlas that is finished: its other files stay as they are."""

import os
import shutil
from dataclasses import replace

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas
from ne_core.atlas.file_hash import file_sha256
from ne_core.atlas.manifest import Density, manifest_text
from ne_core.atlas.schema import DENSITY
from ne_core.sharing.atomic_write import new_atlas


def add_density(atlas: Atlas, fires: Int[np.ndarray, " n_features"], facts: Density) -> None:
    """Write the atlas anew with the counts, in its place. Raises WriteError, and leaves it as it was.

    Files are links to the same bytes where the file system has them.
    """
    with new_atlas(atlas.root) as folder:
        leave = shutil.ignore_patterns("manifest.json", DENSITY.file)
        shutil.copytree(atlas.root, folder, ignore=leave, copy_function=linked, dirs_exist_ok=True)
        path = folder / DENSITY.file
        np.save(path, fires.astype(DENSITY.dtype), allow_pickle=False)
        entry = {"sha256": file_sha256(path), "size": path.stat().st_size}
        whole = replace(atlas.manifest, density=facts, files={**atlas.manifest.files, DENSITY.file: entry})
        (folder / "manifest.json").write_text(manifest_text(whole), encoding="utf-8")
        Atlas.open(folder)  # as it will be read


def linked(source: str, target: str) -> None:
    """A hard link, or a copy where there are none."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
