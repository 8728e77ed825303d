"""The place of a dictionary by its name: a folder, `hf://OWNER/NAME[@REVISION]/PATH`, or RELEASE/ID of SAELens."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import huggingface_hub
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, LocalEntryNotFoundError

from precompute.config import published_name
from precompute.models.autoencoder.config import SaeError
from precompute.models.autoencoder.files import EXPECTED
from precompute.models.autoencoder.forms import FORMS, Form
from precompute.models.autoencoder.releases import fields_on_hub, is_release, published, similar_releases
from precompute.run import hub

HF = re.compile(r"hf://([\w.-]{1,96}/[\w.-]{1,96})(?:@([\w.-]{1,200}))?/(.+)", re.ASCII)
PART = re.compile(r"[^/\\\0\n]{1,250}")
WORKS = "write hf://OWNER/NAME/PATH, the folder or file in a repository of the hub"


@dataclass(frozen=True)
class Located:
    """A dictionary on this machine: its folder or file, its name, fields that its settings lack, and its source.

    `source` names the commit and the path on the hub; None for a local folder.
    """

    place: Path
    name: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    source: str | None = None


@dataclass(frozen=True)
class Address:
    """A folder or file of a repository on the hub."""

    repository: str
    revision: str | None
    path: str

    def file(self, name: str, offline: bool) -> Path | None:
        """Return a file beside or in `path`, downloaded or from the cache; None if there is none. Raises SaeError."""
        try:
            return Path(
                huggingface_hub.hf_hub_download(self.repository, name, revision=self.revision, local_files_only=offline)
            )
        except LocalEntryNotFoundError as error:
            if offline:
                return None
            raise SaeError(f"{self}: the model hub stopped answering; try again") from error
        except EntryNotFoundError:
            return None
        except (HfHubHTTPError, ValueError) as error:
            raise SaeError(
                f"{self}: the model hub does not give {name} ({type(error).__name__}); check the name, and log in "
                "with `hf auth login` if it is private or gated"
            ) from error

    def __str__(self) -> str:
        return f"hf://{self.repository}{f'@{self.revision}' if self.revision else ''}/{self.path}"


def locate(text: str, offline: bool = False) -> Located:
    """Return where a dictionary is, downloaded if it is on the hub and not on this machine. Raises SaeError."""
    place = Path(text)
    if place.exists():
        return Located(place, place.resolve().name)
    if text.startswith("hf://"):
        address = address_of(text)
        fields = fields_on_hub(address.repository, address.path)
        return located_on_hub(address, published_name(text), fields, offline)
    if is_release(text):
        of_release = published(text)
        address = Address(of_release.repository, None, of_release.path)
        return located_on_hub(address, published_name(text), of_release.fields, offline)
    similar = similar_releases(text)
    hint = f"did you mean the release {' or '.join(similar)}?" if similar else EXPECTED
    raise SaeError(f"{text}: no such folder; {hint}")


def address_of(text: str) -> Address:
    """Return the parts of an hf:// address. Raises SaeError."""
    match = HF.fullmatch(text)
    path = match[3].rstrip("/") if match else ""
    if not match or not all(PART.fullmatch(part) and part not in (".", "..") for part in path.split("/")):
        raise SaeError(f"{text[:200]!r} is no address of a dictionary: {WORKS}")
    return Address(match[1], match[2], path)


def located_on_hub(address: Address, name: str, fields: Mapping[str, Any], offline: bool) -> Located:
    """Return the dictionary from the hub client's cache, or downloaded. Raises SaeError."""
    place = downloaded(address, offline=True)
    if place is None and not offline:
        if not hub.reachable():
            raise SaeError(f"{address}: not on this machine, and the model hub cannot be reached; give a local folder")
        place = downloaded(address, offline=False)
    if place is None:
        here = "on this machine" if offline else "in this repository"
        raise SaeError(f"{address}: no dictionary {here} under this path; {EXPECTED}")
    return Located(place, name, fields, str(Address(address.repository, commit_of(place), address.path)))


def commit_of(place: Path) -> str | None:
    """Return the commit in the path of a file in the hub client's cache."""
    parts = place.parts
    return parts[parts.index("snapshots") + 1] if "snapshots" in parts else None


def downloaded(address: Address, offline: bool) -> Path | None:
    """Return the place of the first form whose files are all there; no other files are downloaded."""
    for form in FORMS:
        place = place_of(form, address, offline)
        if place is not None:
            return place
    return None


def place_of(form: Form, address: Address, offline: bool) -> Path | None:
    """Return the folder of a form's files, or the file of one layer; None if files are missing."""
    folder, _, last = address.path.rpartition("/")
    if form.of_one_layer is not None:
        return of_one_layer(form, address, folder, last, offline) if form.of_one_layer.fullmatch(last) else None
    if last not in form.files:
        folder = address.path
    files = []
    for name in form.files:
        files.append(address.file(f"{folder}/{name}".lstrip("/"), offline))
        if files[-1] is None:
            return None
    return files[0].parent


def of_one_layer(form: Form, address: Address, folder: str, last: str, offline: bool) -> Path | None:
    """Return the file of one layer. Optional files come first: once the weights are here, all else is."""
    number = form.of_one_layer.fullmatch(last)[1]
    required = [name.replace("N", number) for name in form.files]
    files = []
    for name in (*(name for name in form.beside(last) if name not in required), *required):
        files.append(address.file(f"{folder}/{name}".lstrip("/"), offline))
        if files[-1] is None and name in required:
            return None
    return next(file for file in files if file is not None and file.name == last)
