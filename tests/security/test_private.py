"""Tests that no request leaves the browser or the server: both are recorded while every page is opened."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from pages.components.shell.nav import PAGES
from tests.bench.visits.server import browse, run_page
from tests.support import in_browser
from tests.support.browser import PageErrors, launched, served, settled
from tests.support.servers import audit

FORBIDDEN_CALLS = """
import os, pathlib, pickle, socket, sqlite3, subprocess, sys
with socket.socket() as s:
    s.settimeout(0.01)
    try: s.connect(("192.0.2.1", 80))
    except OSError: pass
try: socket.getaddrinfo("example.invalid", 443)
except OSError: pass
with socket.socket() as s:
    s.connect_ex(("127.0.0.1", 9))
subprocess.run([sys.executable, "-c", ""])
open(sys.argv[1], "w").close()
pathlib.Path(sys.argv[1]).read_text()
os.open(sys.argv[1] + "2", os.O_CREAT)
sqlite3.connect(f"file:{sys.argv[1]}3?mode=rwc", uri=True)
pickle.loads(pickle.dumps(os.getcwd))
"""


def test_audit_records_forbidden_calls(tmp_path: Path):
    touched = tmp_path / "touched"
    environment = os.environ | audit.environment(tmp_path / "audit")
    subprocess.run([sys.executable, "-c", FORBIDDEN_CALLS, str(touched)], env=environment, check=True)
    events = audit.read_events(tmp_path / "audit")
    assert [event.arguments[0] for event in audit.remote_contacts(events)] == ["('192.0.2.1', 80)", "'example.invalid'"]
    assert {"socket.connect", "pickle.find_class"} <= {event.name for event in events}
    assert audit.processes(events)
    assert [path.name for path in audit.outside_paths(events, Path(sys.prefix))] == ["touched", "touched2", "touched3"]
    assert [path.name for path in audit.written_paths(events)] == ["touched", "touched2"]
    assert not audit.outside_paths(events, tmp_path)
    assert not audit.written_paths(events, tmp_path)


def check_events(log: Path, atlases: Path) -> None:
    """Check for no connection elsewhere, no other process, nothing unpickled or written, nothing read elsewhere."""
    events = audit.read_events(log)
    assert len(list(audit.files(events))) > 1000  # modules, pages, the atlas: the recording worked
    assert not audit.remote_contacts(events)
    assert not audit.processes(events)
    assert not [event for event in events if event.name == "pickle.find_class"]
    assert not audit.written_paths(events)
    assert not audit.outside_paths(events, atlases, *audit.OPTIONAL_FILES)


def test_server_does_not_look_up_its_address(tiny_atlas: Path, tmp_path: Path):
    """Start on all addresses, as `make app` does."""
    environment = audit.environment(tmp_path / "audit") | {"STREAMLIT_SERVER_ADDRESS": ""}
    with launched(tiny_atlas.parent, subprocess.DEVNULL, **environment) as (server, port):
        with browse(server, port) as connection:
            run_page(connection, "")
        connect_from_other_origins(port)
    check_events(tmp_path / "audit", tiny_atlas.parent)


def connect_from_other_origins(port: int) -> None:
    """Connect as another site's page: refused at once, so that nobody else waits."""
    started = time.monotonic()
    for origin in ("https://evil.example", "null", "http://192.0.2.1:8501", "x"):
        with pytest.raises(InvalidStatus, match="403"):
            connect(f"ws://127.0.0.1:{port}/_stcore/stream", origin=origin, subprotocols=["streamlit"]).close()
    assert time.monotonic() - started < 5  # each would wait two seconds for the internet


@pytest.mark.slow
@in_browser.pytestmark[0]
@in_browser.pytestmark[1]
def test_pages_send_no_requests_elsewhere(browser, lab_atlas: Path, tiny_atlas: Path, tmp_path: Path):
    """Open atlases of texts and of images with a lab in a real browser."""
    atlases = tmp_path / "atlases"
    atlases.mkdir()
    for root in (tiny_atlas, lab_atlas):
        (atlases / root.name).symlink_to(root)
    with served(atlases, **audit.environment(tmp_path / "audit")) as address:
        page = browser.new_page()
        page_errors = PageErrors(page, address)
        views = [f"{page}?atlas={tiny_atlas.name}" for page in PAGES]
        for view in [*views, *(f"{page}?atlas={lab_atlas.name}" for page in ("neuron", "sae_lab"))]:
            page.goto(f"{address}/{view}")
            page.locator("h1").first.wait_for()
            settled(page)
        assert not page_errors.errors, "\n".join(page_errors.errors)
    check_events(tmp_path / "audit", atlases)
