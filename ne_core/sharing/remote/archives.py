"""An atlas in one file, at an https address: fetched whole, then unpacked and checked."""

from dataclasses import dataclass
from pathlib import Path

from ne_core.errors import AtlasError
from ne_core.sharing.archive import unpack
from ne_core.sharing.archive.directory import read_directory
from ne_core.sharing.archive.entry import Told
from ne_core.sharing.remote.download import Wanted, download, size_of, validator
from ne_core.sharing.remote.errors import FetchError
from ne_core.sharing.remote.patience import Patience
from ne_core.sharing.remote.room import check_allowed, check_room
from ne_core.sharing.remote.source import Archive, digest
from ne_core.sharing.remote.web import Web

NO_HEAD = (403, 405, 501)  # answers of hosts whose addresses are good for one method


@dataclass(frozen=True)
class Seen:
    """What the server says of the archive without sending it: its version changes when the archive does."""

    size: int
    validator: str | None
    version: str


def seen(web: Web, source: Archive, patience: Patience) -> Seen:
    return patience.keep_trying(lambda: look(web, source))


def look(web: Web, source: Archive) -> Seen:
    """By HEAD, or by a GET whose body is left where the host takes no HEAD."""
    with web.answer(source.url, method="HEAD", allowed=NO_HEAD) as response:
        if response.status_code not in NO_HEAD:
            return said_of(source, response)
    with web.answer(source.url) as response:
        return said_of(source, response)


def said_of(source: Archive, response) -> Seen:
    length = response.headers.get("Content-Length", "")
    if not length.isdecimal():
        raise FetchError(f"{source}: its server does not say how large it is, so it is not fetched: use another host")
    told = "\n".join(response.headers.get(name, "") for name in ("Content-Length", "ETag", "Last-Modified"))
    return Seen(int(length), validator(response), digest(told))


def fill(web: Web, source: Archive, now: Seen, partial: Path, folder: Path, patience: Patience, told: Told) -> None:
    """Fetch the archive into `partial` and make `folder` the atlas in it."""
    file = partial / "archive.zip"
    check_room(str(source), now.size, now.size - min(now.size, size_of(file)), partial)
    told(min(now.size, size_of(file)), now.size)
    wanted = Wanted(source.url, now.size, source.pin, now.validator)
    download(web, wanted, file, patience, lambda done: told(done, now.size))
    try:
        check_allowed(f"{source} unpacked", unpacked_size(file))
        unpack(file, folder)
    except AtlasError as error:
        file.unlink()  # another try fetches it anew
        raise FetchError(f"{source}: {str(error).replace(str(file), 'it')}") from None
    file.unlink()


def unpacked_size(path: Path) -> int:
    with path.open("rb") as file:
        return sum(entry.file_size for entry, _ in read_directory(path, file))
