"""Files that a host needs beside the explorer to read texts: precompute/, the atlas's inputs, and its model."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ne_core.atlas import Atlas
from ne_core.atlas.litter import PATTERNS, content_files
from ne_core.sharing.remote.source import Folder, parse
from precompute.publish.host.app import EXPLORER

CODE = "precompute"
PACKAGES = "requirements-live.txt"  # which refers to requirements-app.txt
MODELS = Path("data/models")


@dataclass(frozen=True)
class Live:
    """Folders of the model, and of the autoencoder if there is one, by the names that the atlas knows them by."""

    folders: dict[str, Path]

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of each of their files, by its place on the host."""
        return {
            (MODELS / name / file.relative_to(folder)).as_posix(): file.stat().st_size
            for name, folder in self.folders.items()
            for file in content_files(folder)
        }

    def put(self, out: Path, root: Path) -> None:
        """Copy code, packages and models from the checkout `root` into the app's folder."""
        ignore = shutil.ignore_patterns("__pycache__", *PATTERNS)
        shutil.copytree(root / CODE, out / CODE, ignore=ignore)
        for name in (PACKAGES, EXPLORER):
            shutil.copyfile(root / name, out / name)
        for name, folder in self.folders.items():
            shutil.copytree(folder, out / MODELS / name, ignore=ignore)


def read_live(source: str) -> Live:
    """Find the model of an atlas, by its weights. Raises ValueError in one line where it is not here."""
    folder = parse(source)
    if not isinstance(folder, Folder):
        raise ValueError(
            f"--live copies the atlas's model, which its manifest names: give --atlas a folder, not {source}"
        )
    from precompute.models.model_facts import model_folder
    from precompute.models.of_atlas import NoModelError, find_model, find_sae  # torch takes seconds to load

    atlas = Atlas.open(folder.path)
    if atlas.manifest.images or not atlas.manifest.inputs:
        raise ValueError(f"{source}: --live needs an atlas of texts, built with --inputs yes")
    model, notes = find_model(atlas)
    if notes:
        raise NoModelError(f"{source}: {notes[0]}")
    folders = {short(atlas.manifest.model.name): model_folder(model)}
    if atlas.manifest.model.sae:
        place = find_sae(atlas).place
        if not place.is_dir():
            raise ValueError(f"{source}: --live copies a folder, and its dictionary is one file of {place.parent}")
        folders[short(atlas.manifest.model.sae["name"])] = place
    return Live(folders)


def short(name: object) -> str:
    """The last part of owner/name, by which the model is looked for."""
    return str(name).split("/")[-1]


def copy_line(live: bool) -> str:
    """Line of the Dockerfile that copies the code into the image."""
    return f"COPY {CODE} ./{CODE}\n" if live else ""


def added_bytes(out: Path) -> int:
    """Bytes in a written folder that are there for the live model alone."""
    return sum(file.stat().st_size for file in added_files(out))


def added_files(out: Path) -> Iterator[Path]:
    places = (out / CODE, out / MODELS, *(out / "data").glob("*/inputs"))
    yield from (file for place in places for file in place.rglob("*") if file.is_file())
