"""Where an atlas comes from: `hf://owner/name[@revision]`, `https://…` an archive, or a folder. Read here, and checked.

Sources come from whoever runs the process, never from a visitor's URL. They are shown to visitors: without the query
of an address, which may hold a key.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ne_core.sharing.remote.errors import FetchError
from ne_core.sharing.remote.web import check_address, endpoint, shown

WORKS = "hf://owner/name, the https:// address of an archive, or a folder would work"
PART = re.compile(r"[A-Za-z0-9_]([\w.-]{0,94}\w)?", re.ASCII)
REVISION = re.compile(r"\w[\w./-]{0,199}", re.ASCII)
COMMIT = re.compile(r"[0-9a-f]{40}")
SHA256 = re.compile(r"sha256=([0-9a-f]{64})")
LONGEST_NAME = 80


@dataclass(frozen=True)
class Hub:
    """A data set repository that holds an atlas's files as they are."""

    owner: str
    repository: str
    revision: str = "main"

    @property
    def name(self) -> str:
        return self.repository

    @property
    def pin(self) -> str | None:
        """The commit that it is pinned to: the version that it will always have."""
        return self.revision if COMMIT.fullmatch(self.revision) else None

    @property
    def key(self) -> str:
        return f"{endpoint()} {self}"

    def __str__(self) -> str:
        return f"hf://{self.owner}/{self.repository}" + (f"@{self.revision}" if self.revision != "main" else "")


@dataclass(frozen=True)
class Archive:
    """A file that `pack` has made; `pin` is its sha256 where that was told: the version that it will always have."""

    url: str
    pin: str | None = None

    @property
    def name(self) -> str:
        last = unquote(urlsplit(self.url).path).rstrip("/").rpartition("/")[2]
        return plain_name(last.removesuffix(".zip").removesuffix(".atlas"))

    @property
    def key(self) -> str:
        return f"{self.url} {self.pin}"

    def __str__(self) -> str:
        return shown(self.url)


@dataclass(frozen=True)
class Folder:
    """An atlas that is here already."""

    path: Path

    @property
    def name(self) -> str:
        return plain_name(Path(os.path.abspath(self.path)).name)

    def __str__(self) -> str:
        return str(self.path)


Source = Hub | Archive | Folder


def parse(text: str) -> Source:
    """Raises FetchError for what is no source. Nothing is looked up, but whether a folder is there."""
    if text.startswith("hf://"):
        return hub_source(text)
    if re.match(r"https?://", text, re.IGNORECASE):
        return archive_source(text)
    if "://" in text:
        raise FetchError(f"{text.partition('://')[0][:20]!r} addresses are not read: {WORKS}")
    return folder_source(text)


def hub_source(text: str) -> Hub:
    repository, _, revision = text.removeprefix("hf://").partition("@")
    owner, _, name = repository.partition("/")
    good = all(PART.fullmatch(part) and ".." not in part for part in (owner, name))
    if not good or ("@" in text and not REVISION.fullmatch(revision)) or ".." in revision:
        raise FetchError("a source on the hub is written hf://owner/name or hf://owner/name@revision")
    return Hub(owner, name, revision or "main")


def archive_source(text: str) -> Archive:
    url, _, pin = text.partition("#")
    check_address(url)
    found = SHA256.fullmatch(pin)
    if pin and not found:
        raise FetchError(f"{shown(url)}: after # only sha256= and the 64 digits of the archive's checksum may stand")
    at = urlsplit(url)
    if at.hostname == "huggingface.co" and re.fullmatch(r"/datasets/[^/]+/[^/]+/?", at.path):
        owner, name = at.path.split("/")[2:4]
        raise FetchError(f"{shown(url)} is a page of the hub, not an archive: write hf://{owner}/{name}")
    return Archive(url, found and found[1])


def folder_source(text: str) -> Folder:
    path = Path(text)
    if path.is_file():
        raise FetchError(f"{text} is a file: `python -m precompute unpack` makes a folder of an archive; name that")
    if not (path / "manifest.json").is_file():
        raise FetchError(f"{text} is no folder with an atlas in it: {WORKS}")
    return Folder(path)


def plain_name(name: str) -> str:
    """What a link may call an atlas."""
    return re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).lstrip(".-")[:LONGEST_NAME] or "atlas"


def split(text: str) -> list[str]:
    """The sources that NE_ATLAS names, each once: separated by commas or line breaks."""
    return list(dict.fromkeys(part.strip() for part in re.split(r"[,\n]", text) if part.strip()))


def distinct(names: list[str]) -> list[str]:
    """The same names in the same order, no two of them equal: the second “gpt2” is “gpt2-2”."""
    taken: list[str] = []
    for name in names:
        tries = (name, *(f"{name}-{n}" for n in range(2, len(names) + 2)))
        taken.append(next(each for each in tries if each not in taken and (each == name or each not in names)))
    return taken


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
