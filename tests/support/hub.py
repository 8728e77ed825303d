"""Local double of the Hugging Face hub: endpoints to push and read a data set, and to read files of a model.

Large files use another host, as on the real hub: `localhost`, while the hub itself is `127.0.0.1`.
"""

import base64
import hashlib
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

import yaml

WRITES, READS = "hf_writes", "hf_reads"  # tokens
OWNER = "me"
REGULAR = (".md", ".json", ".gitattributes")  # the others are large files


@dataclass
class Repository:
    """Commits of a repository, oldest first: sha → files by name."""

    private: bool
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)

    @property
    def head(self) -> str:
        return list(self.commits)[-1]

    def commit(self, files: dict[str, bytes]) -> str:
        named = repr((len(self.commits), sorted((name, git_oid(data)) for name, data in files.items())))
        sha = hashlib.sha1(named.encode()).hexdigest()
        self.commits[sha] = files
        return sha

    def files_at(self, revision: str) -> dict[str, bytes] | None:
        return self.commits.get(self.head if revision == "main" else revision)


@dataclass
class Hub:
    """Repositories, large files and all requests: method, host, path, and the token sent."""

    address: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)  # by sha256
    requests: list[tuple[str, str, str, str | None]] = field(default_factory=list)

    def files(self, name: str, revision: str = "main") -> dict[str, bytes]:
        return self.repositories[name].files_at(revision)

    @property
    def large_file_host(self) -> str:
        return self.address.replace("127.0.0.1", "localhost")


@contextmanager
def hub() -> Iterator[Hub]:
    """Run a hub until the block ends."""
    double = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": double}))
    double.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def git_oid(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class HubError(Exception):
    def __init__(self, status: int, code: str = "", message: str = "", **content):
        self.status, self.headers, self.content = status, {"X-Error-Code": code, "X-Error-Message": message}, content


class Handler(BaseHTTPRequestHandler):
    """Handler of one request; `hub` is set by a subclass."""

    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_) -> None:
        pass

    def handle_any(self) -> None:
        path = unquote(urlsplit(self.path).path)
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
        self.hub.requests.append((self.command, self.headers["Host"].split(":")[0], path, token))
        body = self.body()
        try:
            self.answer(path, token, body)
        except HubError as error:
            self.send(error.status, json.dumps(error.content).encode(), error.headers)

    do_GET = do_HEAD = do_POST = do_PUT = handle_any

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        whole = io.BytesIO()
        while size := int(self.rfile.readline(), 16):
            whole.write(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return whole.getvalue()

    def answer(self, path: str, token: str | None, body: bytes) -> None:
        match path.strip("/").split("/"):
            case ["api", "repos", "create"]:
                self.send_json(self.create(json.loads(body), token))
            case ["api", "validate-yaml"]:
                self.validate(json.loads(body))
            case ["api", "datasets", owner, name, "preupload", revision]:
                repository = self.repository(owner, name, token, writes=True)
                self.send_json(preupload(repository.files_at(revision), json.loads(body)["files"]))
            case ["api", "datasets", owner, name, "commit", "main"]:
                repository = self.repository(owner, name, token, writes=True)
                sha = self.commit(repository, [json.loads(line) for line in body.splitlines()])
                self.send_json(
                    {"commitUrl": f"{self.hub.address}/datasets/{owner}/{name}/commit/{sha}", "commitOid": sha}
                )
            case ["datasets", owner, git, "info", "lfs", "objects", "batch"]:
                self.repository(owner, git.removesuffix(".git"), token, writes=True)
                self.send_json({"objects": [self.upload_action(each) for each in json.loads(body)["objects"]]})
            case ["large", sha256] if self.command == "PUT":
                self.hub.large[sha256] = body
                self.send(200)
            case ["large", sha256]:
                self.send_file(self.hub.large[sha256], {})
            case ["api", "datasets", owner, name, *rest] if not rest or rest[0] == "revision":
                self.send_info(owner, name, (rest or ["", "main"])[1], token)
            case ["datasets", owner, name, "resolve", revision, *parts]:
                self.resolve(owner, name, revision, "/".join(parts), token)
            case [owner, name, "resolve", revision, *parts] if owner != "datasets":  # of a repository of models
                self.resolve(owner, name, revision, "/".join(parts), token)
            case _:
                raise HubError(404)

    def create(self, body_json: dict, token: str | None) -> dict:
        if token not in (WRITES, READS):
            raise HubError(401, message="Invalid credentials in Authorization header")
        name = f"{body_json['organization']}/{body_json['name']}"
        if token == READS or body_json["organization"] != OWNER:
            raise HubError(403, message="You don't have the rights to create a dataset under this namespace")
        content = {"url": f"{self.hub.address}/datasets/{name}"}
        if name in self.hub.repositories:
            raise HubError(409, message="You already created this dataset repo", **content)
        repository = self.hub.repositories[name] = Repository(body_json.get("visibility") == "private")
        repository.commit({".gitattributes": b"*.npy filter=lfs\n"})
        return content

    def validate(self, body_json: dict) -> None:
        """Validate the front matter of a README: YAML with a known license."""
        front = yaml.safe_load(body_json["content"].split("---\n")[1])
        errors = [{"message": '"license" must be one of [apache-2.0, …]'}] if front.get("license") == "mine" else []
        self.send_json({"errors": errors, "warnings": []}, 400 if errors else 200)

    def repository(self, owner: str, name: str, token: str | None, writes: bool = False) -> Repository:
        repository = self.hub.repositories.get(f"{owner}/{name}")
        if repository is None or (repository.private and token not in (WRITES, READS)):
            raise HubError(404 if token else 401, "RepoNotFound", "Repository not found")
        if writes and token != WRITES:
            raise HubError(403, message="You have no write access")
        return repository

    def upload_action(self, body_json: dict) -> dict:
        """Return the upload address of a large file, unless it is stored already."""
        if body_json["oid"] in self.hub.large:
            return body_json
        return {**body_json, "actions": {"upload": {"href": f"{self.hub.large_file_host}/large/{body_json['oid']}"}}}

    def commit(self, repository: Repository, lines: list[dict]) -> str:
        files = dict(repository.files_at("main"))
        for line in lines:
            match line["key"], line["value"]:
                case "header", value if value.get("parentCommit", repository.head) != repository.head:
                    raise HubError(412, message="A commit has happened since")
                case "file", value:
                    files[value["path"]] = base64.b64decode(value["content"])
                case "lfsFile", value:
                    files[value["path"]] = self.hub.large[value["oid"]]
                    assert hashlib.sha256(files[value["path"]]).hexdigest() == value["oid"]
                case "deletedFile", value:
                    del files[value["path"]]
        return repository.commit(files)

    def send_info(self, owner: str, name: str, revision: str, token: str | None) -> None:
        repository = self.repository(owner, name, token)
        files = repository.files_at(revision)
        if files is None:
            raise HubError(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        sha = repository.head if revision == "main" else revision
        siblings = [{"rfilename": file} for file in sorted(files)]
        self.send_json({"id": f"{owner}/{name}", "sha": sha, "private": repository.private, "siblings": siblings})

    def resolve(self, owner: str, name: str, revision: str, file: str, token: str | None) -> None:
        repository = self.repository(owner, name, token)
        files = repository.files_at(revision)
        if files is None or file not in files:
            raise HubError(404, "RevisionNotFound" if files is None else "EntryNotFound", "not found")
        data, sha = files[file], repository.head if revision == "main" else revision
        if file.endswith(REGULAR):
            return self.send_file(data, {"ETag": f'"{git_oid(data)}"', "X-Repo-Commit": sha})
        sha256 = hashlib.sha256(data).hexdigest()
        self.hub.large[sha256] = data
        linked = {"X-Linked-ETag": f'"{sha256}"', "X-Linked-Size": str(len(data)), "X-Repo-Commit": sha}
        self.send(302, b"", {**linked, "Location": f"{self.hub.large_file_host}/large/{sha256}"})

    def send_file(self, data: bytes, headers: dict) -> None:
        """Send a file, or a range of it: `Range: bytes=7-` or `bytes=7-9`."""
        range_text = (self.headers.get("Range") or "").removeprefix("bytes=")
        if not range_text:
            return self.send(200, data, {**headers, "Accept-Ranges": "bytes"})
        first, _, last = range_text.partition("-")
        begin, end = int(first), min(int(last or len(data) - 1) + 1, len(data))
        if begin >= len(data):
            return self.send(416, b"", {"Content-Range": f"bytes */{len(data)}"})
        self.send(206, data[begin:end], {**headers, "Content-Range": f"bytes {begin}-{end - 1}/{len(data)}"})

    def send_json(self, content: dict, status: int = 200) -> None:
        self.send(status, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def send(self, status: int, data: bytes = b"", headers: dict | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def preupload(files: dict[str, bytes], requested: list[dict]) -> dict:
    """Return the upload mode of each file, and the hash of the current version."""
    answers = []
    for each in requested:
        large, known = not each["path"].endswith(REGULAR), files.get(each["path"])
        oid = known and (hashlib.sha256(known).hexdigest() if large else git_oid(known))
        mode = "lfs" if large else "regular"
        answers.append({"path": each["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid})
    return {"files": answers}
