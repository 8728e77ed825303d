"""A source becomes a folder: asked for its version, fetched if that is not here, checked, put in its place whole."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ne_core.sharing.archive.entry import Told
from ne_core.sharing.atomic_write import beside, check_target, clear_up, move_into_place
from ne_core.sharing.locks import locked
from ne_core.sharing.remote import archives, hub
from ne_core.sharing.remote.cache import Cache
from ne_core.sharing.remote.errors import ChangedError, FetchError
from ne_core.sharing.remote.patience import Patience
from ne_core.sharing.remote.source import Archive, Folder, Hub, Source
from ne_core.sharing.remote.web import Web

ATLAS = "atlas"  # in a folder of what has come so far
MOST_CHANGES = 3  # of a source while it is fetched


@dataclass(frozen=True)
class Fetched:
    """An atlas that is here, and where it came from; `note` says why it may not be the newest."""

    root: Path
    source: str
    version: str = ""
    note: str = ""


@dataclass(frozen=True)
class Asked:
    """The version that a source has now, and how to fetch it: `bring(begun, told)` makes begun/ATLAS of it."""

    version: str
    bring: Callable[[Path, Told], None]


@dataclass(frozen=True)
class Beside:
    """One folder, whatever the version, and beside it what has come so far."""

    out: Path
    inputs: bool

    def has(self, version: str) -> bool:
        return False  # an atlas does not say which version it is

    def root(self, version: str) -> Path:
        return self.out

    def room_for(self, version: str) -> Path:
        """What had come of other versions is given up."""
        mine = beside(self.out, f"fetching-{version[:16]}{'-inputs' if self.inputs else ''}")
        for other in self.out.parent.glob(beside(self.out, "fetching-*").name):
            if other != mine:
                shutil.rmtree(other, ignore_errors=True)
        mine.mkdir(exist_ok=True)
        return mine


def fetched(
    source: Source,
    cache: Path,
    told: Told = lambda done, whole: None,
    waiting: Callable[[], None] = lambda: None,
    patience: Patience = Patience(),  # noqa: B008  it is frozen
) -> Fetched:
    """The atlas of a source, from the cache where it is there. `waiting` is called while another process fetches it.

    Where the newest cannot be had and an older one is here, that one, with a note. Raises FetchError without any.
    """
    if isinstance(source, Folder):
        return Fetched(source.path, str(source))
    kept = Cache.of(cache, source)
    with on_disk(kept.folder):
        kept.folder.mkdir(parents=True, exist_ok=True)
        with locked(kept.lock, waiting):
            try:
                with on_disk(kept.folder):
                    version, note = up_to_date(source, kept, told, patience), ""
            except FetchError as error:
                version, note = kept.newest(), f"{error}. Shown is what was fetched before."
                if version is None:
                    raise
            kept.hold(version)
    return Fetched(kept.root(version), str(source), version, note)


def at_hand(source: Source, cache: Path) -> Fetched | None:
    """What is here of a source already, without a word to the network."""
    if isinstance(source, Folder):
        return Fetched(source.path, str(source))
    kept = Cache.of(cache, source)
    with on_disk(kept.folder):
        version = source.pin if source.pin and kept.has(source.pin) else kept.newest()
        if version is None:
            return None
        kept.hold(version)
    return Fetched(kept.root(version), str(source), version)


def fetch_to(source: Source, out: Path, inputs: bool, told: Told, patience: Patience = Patience()) -> Fetched:  # noqa: B008
    """The atlas of a source as the folder `out`, which stays what it is until then."""
    if isinstance(source, Folder):
        raise FetchError(f"{source} is a folder already: there is nothing to fetch")
    out = check_target(out)
    lock = beside(out, "lock")
    with on_disk(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        with locked(lock, lambda: None):
            try:
                clear_up(out)
                version = brought(source, Beside(out, inputs), inputs, told, patience)
            finally:
                lock.unlink()
    return Fetched(out, str(source), version)


def up_to_date(source: Hub | Archive, kept: Cache, told: Told, patience: Patience) -> str:
    """The version that the source has now, once it is in the cache."""
    version = source.pin
    if version is None or not kept.has(version):
        version = brought(source, kept, False, told, patience)
    kept.stands(version, str(source))
    kept.clear(version)
    return version


def brought(source: Hub | Archive, place: Cache | Beside, inputs: bool, told: Told, patience: Patience) -> str:
    """Fetch the version that the source has now into its place, unless it is there; returns which it is."""
    for _ in range(MOST_CHANGES):
        now = asked(Web(patience.connect_s, patience.read_s), source, inputs, patience)
        if place.has(now.version):
            return now.version
        begun = place.room_for(now.version)
        try:
            now.bring(begun, told)
        except ChangedError:
            continue
        move_into_place(begun / ATLAS, place.root(now.version))
        shutil.rmtree(begun)
        return now.version
    raise FetchError(f"{source} changed {MOST_CHANGES} times while it was fetched: try again when it stands still")


def asked(web: Web, source: Hub | Archive, inputs: bool, patience: Patience) -> Asked:
    if isinstance(source, Hub):
        sha = source.pin or hub.commit(web, source, patience)
        return Asked(sha, lambda into, told: hub.fill(web, source, sha, into / ATLAS, inputs, patience, told))
    now = archives.seen(web, source, patience)
    version = source.pin or now.version
    return Asked(version, lambda into, told: archives.fill(web, source, now, into, into / ATLAS, patience, told))


@contextmanager
def on_disk(folder: Path) -> Iterator[None]:
    """Trouble of the disk as one line."""
    try:
        yield
    except OSError as error:
        raise FetchError(f"{error.filename or folder}: {error.strerror or error}; name another folder") from None
