"""Sources of atlases: `hf://owner/name[@revision]`, an `https://…` archive, or a folder; read and checked here.

Sources are configured by the operator, never by a visitor's URL. Visitors see them without the query of an address,
which may contain a key.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ne_core.sharing.remote.errors import FetchError
from ne_core.sharing.remote.web import check_address, endpoint, redacted

WORKS = "hf://owner/name, the https:// address of an archive, or a folder would work"
PART = re.compile(r"[A-Za-z0-9_]([\w.-]{0,94}\w)?", re.ASCII)
REVISION = re.compile(r"\w[\w./-]{0,199}", re.ASCII)
COMMIT = re.compile(r"[0-9a-f]{40}")
SHA256 = re.compile(r"sha256=([0-9a-f]{64})")
LONGEST_NAME = 80


@dataclass(frozen=True)
class Hub:
    """A data set repository with the files of an atlas."""

    owner: str
    repository: str
    revision: str = "main"

    @property
    def name(self) -> str:
        """Name of the atlas."""
        return self.repository

    @property
    def pin(self) -> str | None:
        """Commit that the source is pinned to, its permanent version; None for a branch or tag."""
        return self.revision if COMMIT.fullmatch(self.revision) else None

    @property
    def key(self) -> str:
        """Identifier among the sources."""
        return f"{endpoint()} {self}"

    def __str__(self) -> str:
        return f"hf://{self.owner}/{self.repository}" + (f"@{self.revision}" if self.revision != "main" else "")


@dataclass(frozen=True)
class Archive:
    """A file made by `pack`; `pin` is its sha256 if given, its permanent version."""

    url: str
    pin: str | None = None

    @property
    def name(self) -> str:
        """Name of the atlas."""
        last = unquote(urlsplit(self.url).path).rstrip("/").rpartition("/")[2]
        return plain_name(last.removesuffix(".zip").removesuffix(".atlas"))

    @property
    def key(self) -> str:
        """Identifier among the sources."""
        return f"{self.url} {self.pin}"

    def __str__(self) -> str:
        return redacted(self.url)


@dataclass(frozen=True)
class Folder:
    """A local atlas."""

    path: Path

    @property
    def name(self) -> str:
        """Name of the atlas."""
        return plain_name(Path(os.path.abspath(self.path)).name)

    def __str__(self) -> str:
        return str(self.path)


Source = Hub | Archive | Folder


def parse(text: str) -> Source:
    """Read a source. Raises FetchError if it is invalid. Only the existence of a folder is checked."""
    if text.startswith("hf://"):
        return hub_source(text)
    if re.match(r"https?://", text, re.IGNORECASE):
        return archive_source(text)
    if "://" in text:
        raise FetchError(f"{text.partition('://')[0][:20]!r} addresses are not supported: {WORKS}")
    return folder_source(text)


def hub_source(text: str) -> Hub:
    """A source on the hub. Raises FetchError."""
    repository, _, revision = text.removeprefix("hf://").partition("@")
    owner, _, name = repository.partition("/")
    good = all(PART.fullmatch(part) and ".." not in part for part in (owner, name))
    if not good or ("@" in text and not REVISION.fullmatch(revision)) or ".." in revision:
        raise FetchError("a source on the hub is written hf://owner/name or hf://owner/name@revision")
    return Hub(owner, name, revision or "main")


def archive_source(text: str) -> Archive:
    """An archive at an https address. Raises FetchError."""
    url, _, pin = text.partition("#")
    check_address(url)
    checksum = SHA256.fullmatch(pin)
    if pin and not checksum:
        raise FetchError(f"{redacted(url)}: after # only sha256= and the 64 digits of its checksum are allowed")
    parts = urlsplit(url)
    if parts.hostname == "huggingface.co" and re.fullmatch(r"/datasets/[^/]+/[^/]+/?", parts.path):
        owner, name = parts.path.split("/")[2:4]
        raise FetchError(f"{redacted(url)} is a page of the hub, not an archive: write hf://{owner}/{name}")
    return Archive(url, checksum and checksum[1])


def folder_source(text: str) -> Folder:
    """A folder that holds an atlas. Raises FetchError."""
    path = Path(text)
    if path.is_file():
        raise FetchError(f"{text} is a file: `python -m precompute unpack` makes a folder of an archive; name that")
    if not (path / "manifest.json").is_file():
        raise FetchError(f"{text} is not a folder with an atlas: {WORKS}")
    return Folder(path)


def plain_name(name: str) -> str:
    """Return a name for use in links."""
    return re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).lstrip(".-")[:LONGEST_NAME] or "atlas"


def split(text: str) -> list[str]:
    """Return the sources that NE_ATLAS names, separated by commas or line breaks, without duplicates."""
    return list(dict.fromkeys(part.strip() for part in re.split(r"[,\n]", text) if part.strip()))


def distinct(names: list[str]) -> list[str]:
    """Return unique names in the same order: the second “gpt2” becomes “gpt2-2”."""
    unique: list[str] = []
    for name in names:
        candidates = (name, *(f"{name}-{k}" for k in range(2, len(names) + 2)))
        unique.append(next(n for n in candidates if n not in unique and (n == name or n not in names)))
    return unique


def digest(text: str) -> str:
    """The SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
