"""Cache of fetched atlases: a folder for each source, in it a folder for each version, and a mark beside it.

NE_CACHE/gpt2-small-1f0c2a9be310/
    lock                                   held while one process fetches
    5eefedb…/                              the atlas of that commit
    5eefedb….whole                         mark that it is complete; locked by every process that shows it
    41e8107….partial/                      the files fetched so far of another version
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from ne_core.atlas.checks.atlas import check_sizes
from ne_core.atlas.read_manifest import read_manifest
from ne_core.errors import AtlasError
from ne_core.sharing.locks import hold, in_use
from ne_core.sharing.remote.errors import FetchError
from ne_core.sharing.remote.source import Archive, Hub, digest

MARK = ".whole"
PARTIAL = ".partial"


def cache_folder() -> Path:
    """Return NE_CACHE, or a folder in the user's cache directory. Raises FetchError without either."""
    configured = os.environ.get("NE_CACHE")
    if configured:
        return Path(configured)
    folder = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    if not os.path.isabs(folder):
        raise FetchError("there is no home folder for the cache of atlases: name a folder in NE_CACHE")
    return Path(folder) / "neuron-embeddings"


@dataclass(frozen=True)
class Cache:
    """Cached versions of one source."""

    folder: Path

    @staticmethod
    def of(folder: Path, source: Hub | Archive) -> "Cache":
        """The cache of one source."""
        return Cache(folder / f"{source.name}-{digest(source.key)[:12]}")

    @property
    def lock(self) -> Path:
        """The file that is locked while somebody fetches."""
        return self.folder / "lock"

    def root(self, version: str) -> Path:
        """The folder of a version."""
        return self.folder / version

    def mark(self, version: str) -> Path:
        """The file that says that a version is complete."""
        return self.folder / f"{version}{MARK}"

    def partial(self, version: str) -> Path:
        """The folder of a version that is being fetched."""
        return self.folder / f"{version}{PARTIAL}"

    def newest(self) -> str | None:
        """Return the version that was marked last and is still complete, or None."""
        marks = sorted(self.folder.glob(f"*{MARK}"), key=lambda mark: mark.stat().st_mtime_ns, reverse=True)
        versions = (mark.name.removesuffix(MARK) for mark in marks)
        return next((version for version in versions if self.has(version)), None)

    def has(self, version: str) -> bool:
        """Return whether a version is there, with every file as long as listed."""
        if not self.mark(version).is_file():
            return False
        try:
            check_sizes(self.root(version), read_manifest(self.root(version)))
        except AtlasError:
            return False
        return True

    def mark_complete(self, version: str, source: str) -> None:
        """Mark a version as complete, and as the newest."""
        self.mark(version).write_text(source + "\n", encoding="utf-8")

    def hold(self, version: str) -> None:
        """Keep other processes from removing a version until this process ends."""
        hold(self.mark(version))

    def partial_folder(self, version: str) -> Path:
        """Return the folder that a version is fetched into; partial downloads of other versions are removed."""
        for other in self.folder.glob(f"*{PARTIAL}"):
            if other != self.partial(version):
                shutil.rmtree(other, ignore_errors=True)
        self.partial(version).mkdir(exist_ok=True)
        return self.partial(version)

    def clear(self, version: str) -> None:
        """Remove other versions that no process shows, and what killed processes left."""
        for folder in [path for path in self.folder.iterdir() if path.is_dir() and path.name != version]:
            mark = self.mark(folder.name)
            if not (mark.exists() and in_use(mark)):
                mark.unlink(missing_ok=True)
                shutil.rmtree(folder, ignore_errors=True)
