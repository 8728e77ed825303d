"""Command `push`: an atlas on the Hugging Face hub, as a dataset repository with a card.

The hub's client is imported only for the upload; `--dry-run` works without it.
"""

import re
from pathlib import Path

from ne_core.amounts import megabytes
from ne_core.sharing.archive.selection import Selection, select_files
from precompute.config import ConfigError
from precompute.publish.push.card import card
from precompute.run.progress import Progress

PART = r"[A-Za-z0-9_]([\w.-]{0,94}\w)?"
REPOSITORY = re.compile(f"{PART}/{PART}", re.ASCII)
LICENSE = re.compile(r"[a-z0-9][a-z0-9.-]{0,59}", re.ASCII)


def push(
    directory: Path, repository: str, inputs: bool = True, private: bool = False, license: str | None = None,
    dry_run: bool = False,
) -> str:  # fmt: skip
    """Push an atlas and return a report. Raises AtlasError or ConfigError in one line."""
    check_repository(repository)
    if license is not None and not LICENSE.fullmatch(license):
        raise ConfigError("--license takes the hub's short name of a license, such as mit or cc-by-4.0")
    progress = Progress(1 if dry_run else 2, often_quick=True)
    with progress.stage("verify", "bytes") as on_progress:
        selection = select_files(directory, inputs, on_progress)
    readme = card(selection, repository, license)
    if dry_run:
        return f"{readme}\n{listing(selection, readme)}"
    from precompute.publish.push.upload import upload

    with progress.stage("upload", "bytes") as on_progress:
        report = upload(selection, readme, repository, private, on_progress)
    return f"{report}\nNE_ATLAS=hf://{repository}"


def check_repository(name: str) -> None:
    """Raise ConfigError for an invalid name; the hub has further rules, and reports them itself."""
    if not REPOSITORY.fullmatch(name) or ".." in name or "--" in name or name.endswith(".git"):
        raise ConfigError(
            f"{name[:99]!r} is not a name of a repository on the hub: it takes OWNER/NAME, such as me/demo"
        )


def listing(selection: Selection, readme: str) -> str:
    """List the files that a push would upload."""
    sizes = {"README.md": len(readme.encode()), "manifest.json": len(selection.text)}
    sizes |= {name: entry["size"] for name, entry in selection.files.items()}
    lines = [f"{size:>15,}  {name}" for name, size in sizes.items()]
    return "\n".join([*lines, f"{len(sizes)} files, {megabytes(sum(sizes.values()))}; nothing was sent"])
