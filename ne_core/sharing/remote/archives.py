"""An atlas in one file, at an https address: fetched whole, then unpacked and checked."""

from dataclasses import dataclass
from pathlib import Path

from ne_core.errors import AtlasError
from ne_core.sharing.archive import unpack
from ne_core.sharing.archive.directory import read_directory
from ne_core.sharing.archive.entry import OnProgress
from ne_core.sharing.remote.disk_space import check_allowed, check_disk_space
from ne_core.sharing.remote.download import RemoteFile, download, size_of, validator
from ne_core.sharing.remote.errors import FetchError
from ne_core.sharing.remote.retries import RetryPolicy
from ne_core.sharing.remote.source import Archive, digest
from ne_core.sharing.remote.web import Web

NO_HEAD = (403, 405, 501)  # answers of hosts whose addresses allow one method only


@dataclass(frozen=True)
class ArchiveInfo:
    """Properties of an archive from its server's headers; `version` changes when the archive does."""

    size: int
    validator: str | None
    version: str


def archive_info(web: Web, source: Archive, retry: RetryPolicy) -> ArchiveInfo:
    """Size and version of the archive, tried again while its server is busy."""
    return retry.keep_trying(lambda: request_info(web, source))


def request_info(web: Web, source: Archive) -> ArchiveInfo:
    """Request by HEAD, or by a GET whose body is not read if the host refuses HEAD."""
    with web.answer(source.url, method="HEAD", allowed=NO_HEAD) as response:
        if response.status_code not in NO_HEAD:
            return info_from(source, response)
    with web.answer(source.url) as response:
        return info_from(source, response)


def info_from(source: Archive, response) -> ArchiveInfo:
    """Size and version as the headers of an answer give them. Raises FetchError."""
    length = response.headers.get("Content-Length", "")
    if not length.isdecimal():
        raise FetchError(f"{source}: its server does not give its size, so it is not fetched: use another host")
    identity = "\n".join(response.headers.get(name, "") for name in ("Content-Length", "ETag", "Last-Modified"))
    return ArchiveInfo(int(length), validator(response), digest(identity))


def fetch_archive(
    web: Web,
    source: Archive,
    info: ArchiveInfo,
    partial: Path,
    folder: Path,
    retry: RetryPolicy,
    on_progress: OnProgress,
) -> None:
    """Fetch the archive into `partial` and unpack it as `folder`. Raises FetchError."""
    file = partial / "archive.zip"
    check_disk_space(str(source), info.size, info.size - min(info.size, size_of(file)), partial)
    on_progress(min(info.size, size_of(file)), info.size)
    remote_file = RemoteFile(source.url, info.size, source.pin, info.validator)
    download(web, remote_file, file, retry, lambda done: on_progress(done, info.size))
    try:
        check_allowed(f"{source} unpacked", unpacked_size(file))
        unpack(file, folder)
    except AtlasError as error:
        file.unlink()  # the next try fetches it again
        raise FetchError(f"{source}: {str(error).replace(str(file), 'it')}") from None
    file.unlink()


def unpacked_size(path: Path) -> int:
    """Bytes of the archive's files when unpacked."""
    with path.open("rb") as file:
        return sum(entry.file_size for entry, _ in read_directory(path, file))
