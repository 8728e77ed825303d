"""One file over HTTP: from where it was cut off, never more bytes than said, of the checksum that is known."""

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
from ne_core.sharing.remote.patience import Patience
from ne_core.sharing.remote.web import Web, shown, speaking_of

CHUNK = 2**18
PACE_OVER_S = 60

Told = Callable[[int], None]  # how many bytes of the file are here


@dataclass(frozen=True)
class Wanted:
    """A file: how long it is, its checksum where that is known, and what tells this content of it from another."""

    url: str
    size: int
    sha256: str | None = None
    validator: str | None = None  # a strong ETag or a Last-Modified


def download(web: Web, wanted: Wanted, path: Path, patience: Patience, told: Told = lambda done: None) -> None:
    """`path` becomes the whole file; what is there of it already is not fetched again."""
    while True:
        resumed = size_of(path) > 0
        patience.keep_trying(lambda: go_on(web, wanted, path, patience, told), lambda: size_of(path))
        if wanted.sha256 is None or file_sha256(path) == wanted.sha256:
            return
        path.unlink()
        if not resumed:  # else what was there before may have been wrong
            raise FetchError(f"{shown(wanted.url)} is not what was promised: its checksum differs")


def go_on(web: Web, wanted: Wanted, path: Path, patience: Patience, told: Told) -> None:
    """Fetch what is missing of the file, in one request."""
    have = size_of(path)
    if have > wanted.size:
        path.unlink()
        have = 0
    told(have)
    if have == wanted.size:
        path.touch()
        return
    with web.answer(wanted.url, range_from(have, wanted.validator)) as response:
        start = first_byte(response, have)
        if start is None:
            path.unlink()
            raise PassingError(f"{shown(wanted.url)} does not go on where it was cut off")
        check_same(wanted, response, start)
        with path.open("ab") as file:
            file.truncate(start)
            copy(response, wanted, file, start, patience, told)
        if "Content-Length" in response.headers:
            response.raw.drain_conn()  # nothing is left; so the connection serves the next file


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def range_from(have: int, validator: str | None) -> dict[str, str]:
    """What is asked for, unless it has changed in the meantime: then all of it."""
    if not have:
        return {}
    return {"Range": f"bytes={have}-"} | ({"If-Range": validator} if validator else {})


def first_byte(response: requests.Response, have: int) -> int | None:
    """Where the body begins: at 0 where the server takes no ranges; None where it answers another range."""
    if response.status_code == 200:
        return 0
    told = re.match(rf"bytes {have}-\d+/", response.headers.get("Content-Range", ""))
    return have if response.status_code == 206 and told else None


def check_same(wanted: Wanted, response: requests.Response, start: int) -> None:
    """Raise for a body of another length, or from another file than was seen: without a checksum it has changed."""
    trouble = ChangedError if wanted.sha256 is None else FetchError
    length = response.headers.get("Content-Length")
    if length is not None and length != str(wanted.size - start):
        raise trouble(f"{shown(wanted.url)} sends {brief(length)} bytes, where {wanted.size - start} are missing")
    if wanted.validator and validator(response) not in (None, wanted.validator):
        raise trouble(f"{shown(wanted.url)} changed while it was fetched")


def copy(response, wanted: Wanted, file: BinaryIO, done: int, patience: Patience, told: Told) -> None:
    began, before = time.monotonic(), done
    while done < wanted.size:
        with speaking_of(wanted.url):
            data = response.raw.read1(min(CHUNK, wanted.size - done), decode_content=False)
        if not data:
            raise PassingError(f"{shown(wanted.url)} was cut off after {done:,} of {wanted.size:,} bytes")
        file.write(data)
        done += len(data)
        told(done)
        if time.monotonic() - began > PACE_OVER_S:
            if done - before < patience.least_per_s * PACE_OVER_S:
                raise PassingError(f"{shown(wanted.url)} is too slow: {done - before:,} bytes in {PACE_OVER_S} s")
            began, before = time.monotonic(), done


def validator(response: requests.Response) -> str | None:
    """What a range is asked by: a weak ETag says nothing of bytes."""
    etag = response.headers.get("ETag", "")
    return etag if etag.startswith('"') else response.headers.get("Last-Modified")
