"""Command `host`: a folder with exactly what one kind of host needs to show an atlas.

targets       the hosts, their files from deploy/, and their size limits
app           the explorer's own files, and its packages with their versions
live          the model and what runs it, for a host that reads texts
hosted_atlas  the atlas: its files, or a line with the source that it is fetched from
fill          names in the files of deploy/
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ne_core.atlas.litter import is_empty
from ne_core.sharing.atomic_write import sibling_path
from ne_core.sharing.destination import check_folder
from precompute.publish.host.app import EXPLORER, ROOT, copy_app, requirements_text
from precompute.publish.host.fill import check_names, fill_names
from precompute.publish.host.hosted_atlas import HostedAtlas, read_atlas
from precompute.publish.host.live import PACKAGES, Live, copy_line, read_live
from precompute.publish.host.targets import TARGETS


def host(target: str, atlas: str, out: Path, title: str | None, site: str, path: str, live: bool = False) -> int:
    """Write the folder and return its size in bytes; `live`: with the model. Raises ValueError in one line.

    It leaves nothing behind then.
    """
    check_checkout()
    check_out(out)
    hosted, model = read_atlas(atlas, inputs=live), read_live(atlas) if live else None
    names = check_names(title or f"Neuron embeddings of {hosted.name}", site, path) | hosted.names
    names |= {"copy_live": copy_line(live)}
    with new_folder(out) as folder:
        write(folder, target, hosted, model, names)
    return sum(file.stat().st_size for file in out.rglob("*") if file.is_file())


def check_checkout() -> None:
    """Raises ValueError where pip installed the packages alone: deploy/ and the pins are the checkout's."""
    if not (ROOT / "deploy").is_dir():
        raise ValueError("host copies files of the project's checkout: run it there")


def check_out(out: Path) -> None:
    """Raise ValueError unless `out` is missing or an empty folder."""
    if out.is_symlink() or (out.exists() and not out.is_dir()) or (out.is_dir() and not is_empty(out)):
        raise ValueError(f"{out} exists and is not an empty folder: name another folder")
    check_folder(out)


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Yield a folder to write into, which becomes `out` when the block succeeds."""
    folder = sibling_path(out.absolute(), "writing")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
        yield folder
        for litter in out.iterdir() if out.is_dir() else ():
            shutil.rmtree(litter) if litter.is_dir() else litter.unlink()
        folder.replace(out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write(folder: Path, target: str, hosted: HostedAtlas, live: Live | None, names: dict[str, str]) -> None:
    host_target = TARGETS[target]
    host_target.check(hosted.sizes | (live.sizes if live else {}))
    copy_app(folder)
    lists = (EXPLORER, PACKAGES) if live else (EXPLORER,)
    (folder / "requirements.txt").write_text(requirements_text(lists), encoding="utf-8")
    hosted.put(folder / "data")
    if live:
        live.put(folder, ROOT)
    for template, name in host_target.files.items():
        text = (ROOT / "deploy" / template).read_text(encoding="utf-8")
        (folder / name).write_text(fill_names(text, names), encoding="utf-8")
