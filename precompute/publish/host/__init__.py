"""A folder with exactly what one kind of host needs to show an atlas. What it holds beside the app stands in deploy/.

targets    which hosts there are, what each is given and how much it takes
app        the explorer's own files, and its packages with their versions
given      the atlas: its files, or a line that says where it is fetched from
fill       names in the files of deploy/
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ne_core.atlas.litter import is_empty
from ne_core.sharing.atomic_write import beside
from ne_core.sharing.destination import check_folder
from precompute.publish.host.app import ROOT, copy_app, pinned
from precompute.publish.host.fill import checked, filled
from precompute.publish.host.given import Given, given
from precompute.publish.host.targets import TARGETS


def host(target: str, atlas: str, out: Path, title: str | None, site: str, path: str) -> int:
    """Write the folder; its size in bytes. Raises ValueError with what is wrong in one line, and leaves nothing."""
    check_checkout()
    check_out(out)
    source = given(atlas)
    names = checked(title or f"Neuron embeddings of {source.name}", site, path) | source.names
    with new_folder(out) as folder:
        write(folder, target, source, names)
    return sum(file.stat().st_size for file in out.rglob("*") if file.is_file())


def check_checkout() -> None:
    """Raises ValueError where pip installed the packages alone: deploy/ and the pins are the checkout's."""
    if not (ROOT / "deploy").is_dir():
        raise ValueError("host copies files of the project's checkout: run it there")


def check_out(out: Path) -> None:
    """Only nothing and an empty folder are replaced. Raises ValueError."""
    if out.is_symlink() or (out.exists() and not out.is_dir()) or (out.is_dir() and not is_empty(out)):
        raise ValueError(f"{out} is there already: it is left as it is, name another folder")
    check_folder(out)


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A folder to write into, which becomes `out` when the block ends well."""
    folder = beside(out.absolute(), "writing")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
        yield folder
        for litter in out.iterdir() if out.is_dir() else ():
            shutil.rmtree(litter) if litter.is_dir() else litter.unlink()
        folder.replace(out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write(folder: Path, target: str, source: Given, names: dict[str, str]) -> None:
    asked = TARGETS[target]
    asked.check(source.sizes)
    copy_app(folder)
    (folder / "requirements.txt").write_text(pinned(), encoding="utf-8")
    source.put(folder / "data")
    for template, name in asked.files.items():
        text = (ROOT / "deploy" / template).read_text(encoding="utf-8")
        (folder / name).write_text(filled(text, names), encoding="utf-8")
