"""A web server on this machine that can be as bad as those out there, and the hub's addresses that reading needs.

with Site() as site:
    site.files["/a.zip"] = b"..."
    site.faults["/a.zip"] = [Fault(cut_after=1000), Fault(status=503)]     # for the first request, the second, …
    site.sent["/a.zip"]                                                    # bytes of it that went out
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
    """What goes wrong with one request; nothing, unless told."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    redirect: str = ""
    cut_after: int | None = None  # bytes of the body
    says: int | None = None  # bytes that the body has, it claims
    no_length: bool = False
    ignore_range: bool = False
    other_range: bool = False
    per_s: int | None = None  # bytes
    wait_s: float = 0  # before a word is said
    held: bool = False  # nothing is said before `released` is set


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]


class Site:
    """Files by path. `address` is of this machine."""

    def __init__(self):
        self.files: dict[str, bytes] = {}
        self.etags: dict[str, str] = {}
        self.faults: dict[str, list[Fault]] = {}
        self.always: dict[str, Fault] = {}
        self.asked: list[Asked] = []
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
        """The atlas's files as a data set repository, at that commit, which the revision is now."""
        for path in sorted(path for path in atlas.rglob("*") if path.is_file()):
            self.files[f"/datasets/{repository}/resolve/{sha}/{path.relative_to(atlas).as_posix()}"] = path.read_bytes()
        for name in (revision, sha):
            self.files[f"/api/datasets/{repository}/revision/{name}"] = json.dumps({"sha": sha}).encode()

    def wanted(self) -> dict[str, int]:
        """How many bytes of each file were asked for."""
        found: Counter[str] = Counter()
        for each in self.asked:
            if each.method == "GET":
                start = each.headers.get("Range", "bytes=0-")[len("bytes=") : -1]
                found[each.path] += len(self.files[each.path]) - int(start)
        return found


class Server(ThreadingHTTPServer):
    def handle_error(self, *_) -> None:
        """Nothing: whoever asked has gone, as tests want it."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or every file of a connection takes 40 ms
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
            self.site.asked.append(Asked(self.command, path, dict(self.headers)))
        fault = self.site.fault(path)
        time.sleep(fault.wait_s)
        if fault.held:
            self.site.released.wait(60)
        if fault.redirect:
            self.say(302, {"Location": fault.redirect, "Content-Length": "0"})
        elif fault.status or path not in self.site.files:
            self.say(fault.status or 404, {"Content-Length": "0"} | fault.headers)
        else:
            self.send(path, fault)

    def send(self, path: str, fault: Fault) -> None:
        """The file, or the end of it that was asked for."""
        whole, etag = self.site.files[path], self.site.etags.get(path)
        start = 0 if fault.ignore_range else self.start(etag)
        if start is not None and start > len(whole):
            return self.say(416, {"Content-Length": "0"})
        body = whole[start or 0 :]
        headers = {"ETag": etag} if etag else {}
        if not fault.no_length:
            headers["Content-Length"] = str(len(body) if fault.says is None else fault.says)
        if start:
            first = start + 7 if fault.other_range else start
            headers["Content-Range"] = f"bytes {first}-{len(whole) - 1}/{len(whole)}"
        self.say(206 if start else 200, headers | fault.headers)
        if self.command == "GET":
            self.pour(path, body, fault)
        self.close_connection |= fault.no_length or fault.cut_after is not None or fault.says is not None

    def start(self, etag: str | None) -> int | None:
        """Where the range that was asked for begins; None where all of the file must be sent."""
        wanted, only_if = self.headers.get("Range"), self.headers.get("If-Range")
        return int(wanted[len("bytes=") : -1]) if wanted and only_if in (None, etag) else None

    def pour(self, path: str, body: bytes, fault: Fault) -> None:
        body = body[: fault.cut_after]
        piece = PIECE if fault.per_s is None else max(1, fault.per_s // 20)
        for at in range(0, len(body), piece):
            data = body[at : at + piece]
            self.count(path, len(data))  # before it goes out: whoever has it may look at once
            try:
                self.wfile.write(data)
            except OSError:  # whoever asked has gone
                self.count(path, -len(data))
                self.close_connection = True
                return
            if fault.per_s:
                time.sleep(piece / fault.per_s)

    def count(self, path: str, n_bytes: int) -> None:
        with self.site.lock:
            self.site.sent[path] += n_bytes

    def say(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
