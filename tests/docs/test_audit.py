"""`make audit`: a vulnerability planted at a double of the service is printed and fails it; a clean list passes."""

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
NEEDED = ("Makefile", "constraints.txt", "requirements-audit.txt", "tools/install.py", "tools/find_python.sh")


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder to audit in, apart from the checkout: the environment is made anew."""
    folder = tmp_path_factory.mktemp("audit")
    (folder / "tools").mkdir()
    for name in NEEDED:
        shutil.copyfile(name, folder / name)
    return folder


@contextmanager
def service(vulnerable: str | None, asked: set[str]) -> Iterator[str]:
    """The address of a service that knows of one vulnerable package."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name = query["package"]["name"]
            asked.add(f"{name}=={query['version']}")
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


def audit(place: Path, url: str) -> subprocess.CompletedProcess:
    command = ["make", "audit", f"AUDIT=--osv-url {url} --progress-spinner off"]
    return subprocess.run(command, cwd=place, capture_output=True, text=True)


def test_a_planted_vulnerability_is_found(place):
    with service("streamlit", set()) as url:
        done = audit(place, url)
    assert done.returncode != 0
    assert "PYSEC-0000-1" in done.stdout
    assert "streamlit" in done.stdout


def test_a_clean_list_passes_and_every_pinned_package_was_asked_about(place):
    asked: set[str] = set()
    with service(None, asked) as url:
        assert audit(place, url).returncode == 0
    lines = (place / "constraints.txt").read_text().splitlines()
    pins = {line for line in lines if line and not line.startswith("#")}
    assert len(asked) == len(pins)


def test_no_service_is_no_pass(place):
    assert audit(place, "http://127.0.0.1:9/v1/query").returncode != 0
