"""Fetching a source into a folder: its version is looked up, fetched unless cached, checked, and moved into place."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ne_core.sharing.archive.entry import OnProgress
from ne_core.sharing.atomic_write import check_target, clear_up, move_into_place, sibling_path
from ne_core.sharing.locks import locked
from ne_core.sharing.remote import archives, hub
from ne_core.sharing.remote.cache import Cache
from ne_core.sharing.remote.errors import ChangedError, FetchError
from ne_core.sharing.remote.retries import RetryPolicy
from ne_core.sharing.remote.source import Archive, Folder, Hub, Source
from ne_core.sharing.remote.web import Web

ATLAS = "atlas"  # folder name of the atlas in a partial download
MOST_CHANGES = 3  # of a source while it is fetched


@dataclass(frozen=True)
class Fetched:
    """An atlas on this machine, and its source; `note` says why it may not be the newest version."""

    root: Path
    source: str
    version: str = ""
    note: str = ""


@dataclass(frozen=True)
class RemoteVersion:
    """The current version of a source; `fetch(partial, on_progress)` creates partial/ATLAS from it."""

    version: str
    fetch: Callable[[Path, OnProgress], None]


@dataclass(frozen=True)
class OutFolder:
    """One output folder for any version, with partial downloads beside it."""

    out: Path
    inputs: bool

    def has(self, version: str) -> bool:
        """Return whether the version is there."""
        return False  # an atlas does not record its version

    def root(self, version: str) -> Path:
        """The folder of the version."""
        return self.out

    def partial_folder(self, version: str) -> Path:
        """Return the folder that a version is fetched into; partial downloads of other versions are removed."""
        partial = sibling_path(self.out, f"fetching-{version[:16]}{'-inputs' if self.inputs else ''}")
        for other in self.out.parent.glob(sibling_path(self.out, "fetching-*").name):
            if other != partial:
                shutil.rmtree(other, ignore_errors=True)
        partial.mkdir(exist_ok=True)
        return partial


def fetch_atlas(
    source: Source,
    cache: Path,
    on_progress: OnProgress = lambda done, whole: None,
    on_wait: Callable[[], None] = lambda: None,
    retry: RetryPolicy = RetryPolicy(),  # noqa: B008  it is frozen
) -> Fetched:
    """Return the atlas of a source, from the cache if it has the current version.

    `on_wait` is called while another process fetches it. If the current version cannot be fetched, an older one is
    returned with a note; raises FetchError if there is none.
    """
    if isinstance(source, Folder):
        return Fetched(source.path, str(source))
    source_cache = Cache.of(cache, source)
    with disk_errors(source_cache.folder):
        source_cache.folder.mkdir(parents=True, exist_ok=True)
        with locked(source_cache.lock, on_wait):
            try:
                with disk_errors(source_cache.folder):
                    version, note = update_cache(source, source_cache, on_progress, retry), ""
            except FetchError as error:
                version, note = source_cache.newest(), f"{error}. Shown is the version that was fetched before."
                if version is None:
                    raise
            source_cache.hold(version)
    return Fetched(source_cache.root(version), str(source), version, note)


def cached_atlas(source: Source, cache: Path) -> Fetched | None:
    """Return the cached atlas of a source without using the network, or None."""
    if isinstance(source, Folder):
        return Fetched(source.path, str(source))
    source_cache = Cache.of(cache, source)
    with disk_errors(source_cache.folder):
        version = source.pin if source.pin and source_cache.has(source.pin) else source_cache.newest()
        if version is None:
            return None
        source_cache.hold(version)
    return Fetched(source_cache.root(version), str(source), version)


def fetch_to(
    source: Source,
    out: Path,
    inputs: bool,
    on_progress: OnProgress,
    retry: RetryPolicy = RetryPolicy(),  # noqa: B008  it is frozen
) -> Fetched:
    """Fetch the atlas of a source as the folder `out`, which stays unchanged until then. Raises FetchError."""
    if isinstance(source, Folder):
        raise FetchError(f"{source} is a local folder: there is nothing to fetch")
    out = check_target(out)
    lock = sibling_path(out, "lock")
    with disk_errors(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        with locked(lock, lambda: None):
            try:
                clear_up(out)
                version = fetch_version(source, OutFolder(out, inputs), inputs, on_progress, retry)
            finally:
                lock.unlink()
    return Fetched(out, str(source), version)


def update_cache(source: Hub | Archive, source_cache: Cache, on_progress: OnProgress, retry: RetryPolicy) -> str:
    """Fetch the current version of the source into the cache if needed, and return it."""
    version = source.pin
    if version is None or not source_cache.has(version):
        version = fetch_version(source, source_cache, False, on_progress, retry)
    source_cache.mark_complete(version, str(source))
    source_cache.clear(version)
    return version


def fetch_version(
    source: Hub | Archive, target: Cache | OutFolder, inputs: bool, on_progress: OnProgress, retry: RetryPolicy
) -> str:
    """Fetch the current version of the source into its place unless it is there, and return it."""
    for _ in range(MOST_CHANGES):
        latest = remote_version(Web(retry.connect_s, retry.read_s), source, inputs, retry)
        if target.has(latest.version):
            return latest.version
        partial = target.partial_folder(latest.version)
        try:
            latest.fetch(partial, on_progress)
        except ChangedError:
            continue
        move_into_place(partial / ATLAS, target.root(latest.version))
        shutil.rmtree(partial)
        return latest.version
    raise FetchError(f"{source} changed {MOST_CHANGES} times while it was fetched: try again later")


def remote_version(web: Web, source: Hub | Archive, inputs: bool, retry: RetryPolicy) -> RemoteVersion:
    """The version of the source now, and what fetches it."""
    if isinstance(source, Hub):
        sha = source.pin or hub.commit(web, source, retry)

        def fetch(partial: Path, on_progress: OnProgress) -> None:
            hub.fetch_files(web, source, sha, partial / ATLAS, inputs, retry, on_progress)

        return RemoteVersion(sha, fetch)
    info = archives.archive_info(web, source, retry)

    def fetch_archive(partial: Path, on_progress: OnProgress) -> None:
        archives.fetch_archive(web, source, info, partial, partial / ATLAS, retry, on_progress)

    return RemoteVersion(source.pin or info.version, fetch_archive)


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Raise errors of the disk as FetchError in one line."""
    try:
        yield
    except OSError as error:
        raise FetchError(f"{error.filename or folder}: {error.strerror or error}; name another folder") from None
