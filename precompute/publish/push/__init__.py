"""An atlas on the Hugging Face hub: its files as they are, in a dataset repository beside a card of the manifest.

The client of the hub is loaded where it is needed only; `--dry-run` goes without it.
"""

import re
from pathlib import Path

from ne_core.amounts import megabytes
from ne_core.sharing.archive.selection import Selection, selected
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
    """What to say of it. Raises AtlasError or ConfigError, in one line, where it cannot be."""
    check_repository(repository)
    if license is not None and not LICENSE.fullmatch(license):
        raise ConfigError("--license takes the hub's short name of one, such as mit or cc-by-4.0")
    progress = Progress(1 if dry_run else 2, often_quick=True)
    with progress.stage("verify", "bytes") as on_progress:
        chosen = selected(directory, inputs, on_progress)
    readme = card(chosen, repository, license)
    if dry_run:
        return f"{readme}\n{listing(chosen, readme)}"
    from precompute.publish.push.upload import upload

    with progress.stage("upload", "bytes") as on_progress:
        done = upload(chosen, readme, repository, private, on_progress)
    return f"{done}\nNE_ATLAS=hf://{repository}"


def check_repository(name: str) -> None:
    """What the hub takes for a name; it has more rules, and says so itself."""
    if not REPOSITORY.fullmatch(name) or ".." in name or "--" in name or name.endswith(".git"):
        raise ConfigError(f"{name[:99]!r} is no name of a repository on the hub: it takes OWNER/NAME, such as me/demo")


def listing(chosen: Selection, readme: str) -> str:
    """The files that a push would put there."""
    sizes = {"README.md": len(readme.encode()), "manifest.json": len(chosen.text)}
    sizes |= {name: entry["size"] for name, entry in chosen.files.items()}
    lines = [f"{size:>15,}  {name}" for name, size in sizes.items()]
    return "\n".join([*lines, f"{len(sizes)} files, {megabytes(sum(sizes.values()))}; nothing was sent"])
