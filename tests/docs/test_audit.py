"""`make audit` against a double of the service: a planted vulnerability fails it, a clean list passes."""

import http.server
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # it installs pip-audit
NEEDED = (
    "Makefile",
    "constraints.txt",
    "requirements-audit.txt",
    "deploy/environment/install.py",
    "deploy/environment/find_python.sh",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Return a folder outside the checkout, since the environment is created anew."""
    copies = tmp_path_factory.mktemp("audit")
    (copies / "deploy" / "environment").mkdir(parents=True)
    for name in NEEDED:
        shutil.copyfile(name, copies / name)
    return copies


@contextmanager
def service(vulnerable: str | None, queried: set[str]) -> Iterator[str]:
    """Yield the address of a service that knows one vulnerable package, or none."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name = query["package"]["name"]
            queried.add(f"{name}=={query['version']}")
            body = json.dumps({"vulns": [planted(name, query["version"])]} if name == vulnerable else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()


def planted(name: str, version: str) -> dict:
    affected = {"package": {"name": name, "ecosystem": "PyPI"}, "versions": [version]}
    affected["ranges"] = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99"}]}]
    return {"id": "PYSEC-0000-1", "summary": "planted", "details": "planted", "affected": [affected]}


def audit(folder: Path, url: str) -> subprocess.CompletedProcess:
    command = ["make", "audit", f"AUDIT=--osv-url {url} --progress-spinner off"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_planted_vulnerability_is_reported(folder):
    with service("streamlit", set()) as url:
        process = audit(folder, url)
    assert process.returncode != 0
    assert "PYSEC-0000-1" in process.stdout
    assert "streamlit" in process.stdout


def test_clean_list_passes_and_every_pin_is_queried(folder):
    queried: set[str] = set()
    with service(None, queried) as url:
        assert audit(folder, url).returncode == 0
    lines = (folder / "constraints.txt").read_text().splitlines()
    pins = {line for line in lines if line and not line.startswith("#")}
    assert len(queried) == len(pins)


def test_fails_without_service(folder):
    assert audit(folder, "http://127.0.0.1:9/v1/query").returncode != 0
