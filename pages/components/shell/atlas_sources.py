"""The atlases that this process offers, by the name used in links: those of NE_ATLAS, and those of a folder.

NE_ATLAS, or the file data/atlas.txt that `host` writes, names sources (ne_core/sharing/remote), which are fetched in
the background; NE_ATLASES names the folder, data/ by default. With sources, the folder is offered only if NE_ATLASES
is set too.
"""

import os
import threading
from pathlib import Path

from ne_core.atlas import Atlas
from ne_core.atlas.lab_schema import FACTS
from ne_core.atlas.lab_schema import FOLDER as LAB
from ne_core.sharing.configured_sources import configured_sources
from ne_core.sharing.remote.cache import cache_folder
from ne_core.sharing.remote.fetch import Fetched
from ne_core.sharing.remote.fetcher import Fetcher, SourceStatus
from ne_core.sharing.remote.source import distinct, split

FOLDER = "data"
fetchers: dict[tuple[str | None, ...], Fetcher] = {}  # one per process; tests change the environment
lock = threading.Lock()


def fetcher() -> Fetcher | None:
    """The fetcher of the configured sources, started by the first call; None without sources."""
    text = configured_sources()
    if not split(text):
        return None
    key = (text, *map(os.environ.get, ("NE_CACHE", "XDG_CACHE_HOME", "HF_ENDPOINT")))
    with lock:
        if key not in fetchers:
            fetchers[key] = Fetcher(text, cache_folder)
        return fetchers[key]


def folder() -> Path | None:
    """The folder of local atlases; None where only sources are offered."""
    return Path(os.environ.get("NE_ATLASES", FOLDER)) if "NE_ATLASES" in os.environ or not fetcher() else None


def atlas_names(folder: Path) -> list[str]:
    """Sub-folders with a manifest. Names from a URL are looked up in this list and never made into a path."""
    names = (path.parent.name for path in folder.glob("*/manifest.json"))
    return sorted(name for name in names if name.isprintable())  # other names cannot be written in a link


def atlas_folders() -> dict[str, Path]:
    """Folder of every atlas that can be opened now, by its unique name."""
    sources, local = fetcher(), folder()
    ready = {name: fetched.root for name, fetched in sources.ready().items()} if sources else {}
    local_names = atlas_names(local) if local else []
    source_names = [each.name for each in sources.statuses()] if sources else []
    unique_names = distinct([*source_names, *local_names])[len(source_names) :]
    return ready | {name: local / each for name, each in zip(unique_names, local_names, strict=True)}


def with_lab() -> list[str]:
    """Names of the atlases that have an SAE lab."""
    return [name for name, root in atlas_folders().items() if (root / LAB / FACTS).is_file()]


def pending_sources(requested: str | None) -> list[SourceStatus]:
    """Sources that a page has to wait for: the requested one, or all of them while no atlas can be opened."""
    sources = fetcher()
    if not sources:
        return []
    ready = atlas_folders()
    pending = [each for each in sources.statuses() if each.name not in ready]
    return [each for each in pending if each.name == requested] or ([] if ready else pending)


def origin(atlas: Atlas) -> Fetched | None:
    """Source that the atlas was fetched from; None for a local atlas."""
    sources = fetcher()
    fetched = sources.ready().get(atlas.slug) if sources else None
    return fetched if fetched and fetched.root == atlas.root else None


def public_message(error: Exception) -> str:
    """Message of an error for visitors: atlases by name instead of their paths on this machine."""
    text = str(error).replace("\n", " ")
    for name, root in atlas_folders().items():
        text = text.replace(str(root), name)
    return text
