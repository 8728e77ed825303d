"""Which atlases this process offers, by the name that a link carries: those of NE_ATLAS, and those of a folder.

NE_ATLAS, or the file data/atlas.txt that `host` writes, names sources (ne_core/sharing/remote), which are fetched in
the background; NE_ATLASES names the folder, data/ unless told. With sources the folder is offered only where it is
named, too.
"""

import os
import threading
from pathlib import Path

from ne_core.atlas import Atlas
from ne_core.sharing.configured_sources import configured_sources
from ne_core.sharing.remote.cache import cache_folder
from ne_core.sharing.remote.fetch import Fetched
from ne_core.sharing.remote.fetcher import Fetcher, SourceStatus
from ne_core.sharing.remote.source import distinct, split

FOLDER = "data"
fetchers: dict[tuple[str | None, ...], Fetcher] = {}  # one in a process; tests change the environment
lock = threading.Lock()


def fetcher() -> Fetcher | None:
    """What fetches the sources, begun by the first who asks; None where none is named."""
    text = configured_sources()
    if not split(text):
        return None
    told = (text, *map(os.environ.get, ("NE_CACHE", "XDG_CACHE_HOME", "HF_ENDPOINT")))
    with lock:
        if told not in fetchers:
            fetchers[told] = Fetcher(text, cache_folder)
        return fetchers[told]


def folder() -> Path | None:
    """Where atlases lie that need no fetching."""
    return Path(os.environ.get("NE_ATLASES", FOLDER)) if "NE_ATLASES" in os.environ or not fetcher() else None


def atlas_names(folder: Path) -> list[str]:
    """Sub-folders with a manifest. Names from a URL are looked up in this list and never made into a path."""
    names = (path.parent.name for path in folder.glob("*/manifest.json"))
    return sorted(name for name in names if name.isprintable())  # the others cannot be written into a link


def places() -> dict[str, Path]:
    """The folder of every atlas that can be opened now, no two of one name."""
    sources, own = fetcher(), folder()
    here = {name: fetched.root for name, fetched in sources.ready().items()} if sources else {}
    in_folder = atlas_names(own) if own else []
    taken = [each.name for each in sources.statuses()] if sources else []
    called = distinct([*taken, *in_folder])[len(taken) :]
    return here | {name: own / each for name, each in zip(called, in_folder, strict=True)}


def awaited(asked: str | None) -> list[SourceStatus]:
    """The sources that a page has to wait for: the one that it was asked for, or any where nothing can be opened."""
    sources = fetcher()
    if not sources:
        return []
    here = places()
    coming = [each for each in sources.statuses() if each.name not in here]
    return [each for each in coming if each.name == asked] or ([] if here else coming)


def origin(atlas: Atlas) -> Fetched | None:
    """Where the atlas was fetched from; None for one of the folder."""
    sources = fetcher()
    found = sources.ready().get(atlas.slug) if sources else None
    return found if found and found.root == atlas.root else None


def told(error: Exception) -> str:
    """An error as visitors may see it: an atlas by its name, not by where it lies on this machine."""
    text = str(error).replace("\n", " ")
    for name, root in places().items():
        text = text.replace(str(root), name)
    return text
