"""No request leaves the browser or the server: both are listened to while every page is opened."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from pages.components.shell.nav import PAGES
from tests.bench.server import browse, run_page
from tests.support import in_browser
from tests.support.browser import PageErrors, launched, served, settled
from tests.support.servers import audit

PLANTED = """
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


def test_what_is_planted_is_heard(tmp_path: Path):
    touched = tmp_path / "touched"
    told = os.environ | audit.environment(tmp_path / "audit")
    subprocess.run([sys.executable, "-c", PLANTED, str(touched)], env=told, check=True)
    found = audit.read_events(tmp_path / "audit")
    assert [each.arguments[0] for each in audit.remote_contacts(found)] == ["('192.0.2.1', 80)", "'example.invalid'"]
    assert {"socket.connect", "pickle.find_class"} <= {each.name for each in found}
    assert audit.processes(found)
    assert [path.name for path in audit.outside_paths(found, Path(sys.prefix))] == ["touched", "touched2", "touched3"]
    assert [path.name for path in audit.written_paths(found)] == ["touched", "touched2"]
    assert not audit.outside_paths(found, tmp_path)
    assert not audit.written_paths(found, tmp_path)


def nothing_left(heard: Path, atlases: Path) -> None:
    """No word with another machine, no other process, nothing unpickled, nothing written, nothing read elsewhere."""
    found = audit.read_events(heard)
    assert len(list(audit.files(found))) > 1000  # modules, pages, the atlas: it was listened to
    assert not audit.remote_contacts(found)
    assert not audit.processes(found)
    assert not [each for each in found if each.name == "pickle.find_class"]
    assert not audit.written_paths(found)
    assert not audit.outside_paths(found, atlases, *audit.OPTIONAL_FILES)


def test_the_server_asks_nobody_who_it_is(tiny_atlas: Path, tmp_path: Path):
    """On all addresses, as `make app` starts it."""
    more = audit.environment(tmp_path / "audit") | {"STREAMLIT_SERVER_ADDRESS": ""}
    with launched(tiny_atlas.parent, subprocess.DEVNULL, **more) as (server, port):
        with browse(server, port) as connection:
            run_page(connection, "")
        forged(port)
    nothing_left(tmp_path / "audit", tiny_atlas.parent)


def forged(port: int) -> None:
    """Another site's page knocks: it is sent away at once, so that nobody else waits."""
    started = time.monotonic()
    for origin in ("https://evil.example", "null", "http://192.0.2.1:8501", "x"):
        with pytest.raises(InvalidStatus, match="403"):
            connect(f"ws://127.0.0.1:{port}/_stcore/stream", origin=origin, subprotocols=["streamlit"]).close()
    assert time.monotonic() - started < 5  # each would wait for two seconds for an answer from the internet


@in_browser.pytestmark[0]
@in_browser.pytestmark[1]
def test_every_page_is_private(browser, lab_atlas: Path, tiny_atlas: Path, tmp_path: Path):
    """Of an atlas of texts and of one of images with a lab, in a real browser."""
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
    nothing_left(tmp_path / "audit", atlases)
