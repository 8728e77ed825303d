"""Download of one file over HTTP: resumed where it was cut off, never longer than expected, checked by checksum."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import requests

from ne_core.atlas.checks.manifest import brief
from ne_core.atlas.file_hash import file_sha256
from ne_core.sharing.remote.errors import ChangedError, FetchError, PassingError
from ne_core.sharing.remote.retries import RetryPolicy
from ne_core.sharing.remote.web import Web, network_errors, redacted

CHUNK = 2**18
PACE_OVER_S = 60

OnBytes = Callable[[int], None]  # number of bytes of the file on disk


@dataclass(frozen=True)
class RemoteFile:
    """A file: its size, its checksum if known, and a header that distinguishes this content from another."""

    url: str
    size: int
    sha256: str | None = None
    validator: str | None = None  # a strong ETag or a Last-Modified


def download(
    web: Web, remote_file: RemoteFile, path: Path, retry: RetryPolicy, on_bytes: OnBytes = lambda done: None
) -> None:
    """Complete the file at `path`; bytes that are there already are not fetched again. Raises FetchError."""
    while True:
        had_bytes = size_of(path) > 0
        retry.keep_trying(lambda: resume(web, remote_file, path, retry, on_bytes), lambda: size_of(path))
        if remote_file.sha256 is None or file_sha256(path) == remote_file.sha256:
            return
        path.unlink()
        if not had_bytes:  # else the bytes from before may have been wrong
            raise FetchError(f"{redacted(remote_file.url)} does not have the expected checksum")


def resume(web: Web, remote_file: RemoteFile, path: Path, retry: RetryPolicy, on_bytes: OnBytes) -> None:
    """Fetch the missing bytes of the file, in one request."""
    n_bytes = size_of(path)
    if n_bytes > remote_file.size:
        path.unlink()
        n_bytes = 0
    on_bytes(n_bytes)
    if n_bytes == remote_file.size:
        path.touch()
        return
    with web.answer(remote_file.url, range_headers(n_bytes, remote_file.validator)) as response:
        start = first_byte(response, n_bytes)
        if start is None:
            path.unlink()
            raise PassingError(f"{redacted(remote_file.url)} cannot be resumed where it was cut off")
        check_same(remote_file, response, start)
        with path.open("ab") as file:
            file.truncate(start)
            copy(response, remote_file, file, start, retry, on_bytes)
        if "Content-Length" in response.headers:
            response.raw.drain_conn()  # nothing is left, and the connection is reused for the next file


def size_of(path: Path) -> int:
    """Bytes of the file; 0 where there is none."""
    return path.stat().st_size if path.exists() else 0


def range_headers(n_bytes: int, validator: str | None) -> dict[str, str]:
    """Return headers that ask for the rest of a file, or all of it if it has changed."""
    if not n_bytes:
        return {}
    return {"Range": f"bytes={n_bytes}-"} | ({"If-Range": validator} if validator else {})


def first_byte(response: requests.Response, n_bytes: int) -> int | None:
    """Return where the body begins: 0 if the server ignores ranges; None if it answers another range."""
    if response.status_code == 200:
        return 0
    in_range = re.match(rf"bytes {n_bytes}-\d+/", response.headers.get("Content-Range", ""))
    return n_bytes if response.status_code == 206 and in_range else None


def check_same(remote_file: RemoteFile, response: requests.Response, start: int) -> None:
    """Raise if the body has another length, or is of another file. Without a checksum, the file counts as changed."""
    error_type = ChangedError if remote_file.sha256 is None else FetchError
    n_body = response.headers.get("Content-Length")
    if n_body is not None and n_body != str(remote_file.size - start):
        missing = remote_file.size - start
        raise error_type(f"{redacted(remote_file.url)} sends {brief(n_body)} bytes, but {missing} are missing")
    if remote_file.validator and validator(response) not in (None, remote_file.validator):
        raise error_type(f"{redacted(remote_file.url)} changed while it was fetched")


def copy(response, remote_file: RemoteFile, file: BinaryIO, done: int, retry: RetryPolicy, on_bytes: OnBytes) -> None:
    """Copy the body of an answer into the file, up to the size that is wanted."""
    started, done_before = time.monotonic(), done
    while done < remote_file.size:
        with network_errors(remote_file.url):
            data = response.raw.read1(min(CHUNK, remote_file.size - done), decode_content=False)
        if not data:
            raise PassingError(f"{redacted(remote_file.url)} was cut off after {done:,} of {remote_file.size:,} bytes")
        file.write(data)
        done += len(data)
        on_bytes(done)
        if time.monotonic() - started > PACE_OVER_S:
            if done - done_before < retry.least_per_s * PACE_OVER_S:
                pace = f"{done - done_before:,} bytes in {PACE_OVER_S} s"
                raise PassingError(f"{redacted(remote_file.url)} is too slow: {pace}")
            started, done_before = time.monotonic(), done


def validator(response: requests.Response) -> str | None:
    """Return the header for If-Range: a weak ETag does not identify bytes."""
    etag = response.headers.get("ETag", "")
    return etag if etag.startswith('"') else response.headers.get("Last-Modified")
