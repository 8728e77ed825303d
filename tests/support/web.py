"""A local web server that can misbehave like real ones, and the hub's addresses for reading.

with Site() as site:
    site.files["/a.zip"] = b"..."
    site.faults["/a.zip"] = [Fault(cut_after=1000), Fault(status=503)]     # for the first request, the second, …
    site.sent["/a.zip"]                                                    # bytes of it that were sent
"""

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

PIECE = 2**14


@dataclass(frozen=True)
class Fault:
    """Fault of one request; none by default."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    redirect: str = ""
    cut_after: int | None = None  # bytes of the body
    claimed_length: int | None = None  # Content-Length, if not that of the body
    no_length: bool = False
    ignore_range: bool = False
    other_range: bool = False
    per_s: int | None = None  # bytes
    wait_s: float = 0  # before the answer
    wait_for_release: bool = False  # no answer until `released` is set


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]


class Site:
    """Files by path. `address` is on this machine."""

    def __init__(self):
        self.files: dict[str, bytes] = {}
        self.etags: dict[str, str] = {}
        self.faults: dict[str, list[Fault]] = {}
        self.always: dict[str, Fault] = {}
        self.requests: list[Request] = []
        self.sent: Counter[str] = Counter()
        self.lock, self.released = threading.Lock(), threading.Event()

    def __enter__(self) -> "Site":
        self.server = Server(("127.0.0.1", 0), type("OfSite", (Handler,), {"site": self}))
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.005,), daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()

    def fault(self, path: str) -> Fault:
        with self.lock:
            waiting = self.faults.get(path)
            return waiting.pop(0) if waiting else self.always.get(path, Fault())

    def hub(self, repository: str, atlas: Path, sha: str, revision: str = "main") -> None:
        """Add the atlas's files as a data set repository, at commit `sha`, which `revision` now names."""
        for path in sorted(path for path in atlas.rglob("*") if path.is_file()):
            self.files[f"/datasets/{repository}/resolve/{sha}/{path.relative_to(atlas).as_posix()}"] = path.read_bytes()
        for name in (revision, sha):
            self.files[f"/api/datasets/{repository}/revision/{name}"] = json.dumps({"sha": sha}).encode()

    def requested_bytes(self) -> dict[str, int]:
        """Return the number of bytes requested of each file."""
        counts: Counter[str] = Counter()
        for each in self.requests:
            if each.method == "GET":
                start = each.headers.get("Range", "bytes=0-")[len("bytes=") : -1]
                counts[each.path] += len(self.files[each.path]) - int(start)
        return counts


class Server(ThreadingHTTPServer):
    def handle_error(self, *_) -> None:
        """Ignore errors: clients disconnect on purpose."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # otherwise every file of a connection takes 40 ms
    site: Site

    def log_message(self, *_) -> None:
        pass

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        with self.site.lock:
            self.site.requests.append(Request(self.command, path, dict(self.headers)))
        fault = self.site.fault(path)
        time.sleep(fault.wait_s)
        if fault.wait_for_release:
            self.site.released.wait(60)
        if fault.redirect:
            self.send_head(302, {"Location": fault.redirect, "Content-Length": "0"})
        elif fault.status or path not in self.site.files:
            self.send_head(fault.status or 404, {"Content-Length": "0"} | fault.headers)
        else:
            self.send(path, fault)

    def send(self, path: str, fault: Fault) -> None:
        """Send the file, or the requested end of it."""
        whole, etag = self.site.files[path], self.site.etags.get(path)
        start = 0 if fault.ignore_range else self.start(etag)
        if start is not None and start > len(whole):
            return self.send_head(416, {"Content-Length": "0"})
        body = whole[start or 0 :]
        headers = {"ETag": etag} if etag else {}
        if not fault.no_length:
            headers["Content-Length"] = str(len(body) if fault.claimed_length is None else fault.claimed_length)
        if start:
            first = start + 7 if fault.other_range else start
            headers["Content-Range"] = f"bytes {first}-{len(whole) - 1}/{len(whole)}"
        self.send_head(206 if start else 200, headers | fault.headers)
        if self.command == "GET":
            self.send_body(path, body, fault)
        self.close_connection |= fault.no_length or fault.cut_after is not None or fault.claimed_length is not None

    def start(self, etag: str | None) -> int | None:
        """Return the start of the requested range; None if the whole file must be sent."""
        requested, only_if = self.headers.get("Range"), self.headers.get("If-Range")
        return int(requested[len("bytes=") : -1]) if requested and only_if in (None, etag) else None

    def send_body(self, path: str, body: bytes, fault: Fault) -> None:
        body = body[: fault.cut_after]
        piece = PIECE if fault.per_s is None else max(1, fault.per_s // 20)
        for start in range(0, len(body), piece):
            data = body[start : start + piece]
            self.count(path, len(data))  # before sending: the client may check the count at once
            try:
                self.wfile.write(data)
            except OSError:  # the client has disconnected
                self.count(path, -len(data))
                self.close_connection = True
                return
            if fault.per_s:
                time.sleep(piece / fault.per_s)

    def count(self, path: str, n_bytes: int) -> None:
        with self.site.lock:
            self.site.sent[path] += n_bytes

    def send_head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
