"""Streamlit's settings: they are effective, explained in docs/hosting.md, and refuse uploads and other requests."""

import http.client
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.bench.visits.server import browse, run_page
from tests.support.browser import launched
from tests.support.views import drawn

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / ".streamlit" / "config.toml"
SET = {
    f"{section}.{name}": value
    for section, values in tomllib.loads(CONFIG.read_text()).items()
    if section != "theme"
    for name, value in values.items()
}
PLACES = ("/_stcore/upload_file/x/y", "/_stcore/agent/interact", "/_stcore/agent/mcp", "/neuron", "/_stcore/stream")


def test_settings_are_effective():
    code = f"import json, streamlit.config as c; print(json.dumps({{n: c.get_option(n) for n in {list(SET)!r}}}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == SET


def test_every_setting_is_documented():
    """The table of settings has rows | `section.name` | value | reason |."""
    rows = re.findall(r"^\| `(\w+\.\w+)` \| (\S+) \| .{20,} \|$", (ROOT / "docs" / "hosting.md").read_text(), re.M)
    assert {name: json.loads(value) for name, value in rows} == SET


@pytest.fixture(scope="module")
def place(tiny_atlas):
    """The address of an explorer."""
    with launched(tiny_atlas.parent, subprocess.DEVNULL) as (process, port), browse(process, port):
        yield f"127.0.0.1:{port}"


def visit(place: str, **how) -> ClientConnection:
    return connect(f"ws://{place}/_stcore/stream", subprotocols=["streamlit"], max_size=None, compression=None, **how)


def response_to(place: str, method: str, path: str, body: bytes | None = None, **headers) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(place, timeout=10)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    answer.read()
    return answer


def test_other_sites_cannot_connect(place):
    with visit(place, origin=f"http://{place}"):
        pass
    with pytest.raises(InvalidStatus) as refused:
        visit(place, origin="https://elsewhere.example").__enter__()
    assert refused.value.response.status_code == 403
    answer = response_to(place, "GET", "/_stcore/health", Origin="https://elsewhere.example")
    assert answer.getheader("Access-Control-Allow-Origin") != "*"


@pytest.mark.parametrize("path", PLACES)
def test_post_requests_are_refused(place, path):
    assert response_to(place, "POST", path, b"x").status in (400, 403, 404, 405)


@pytest.mark.parametrize("size", [0, 1, 2_000_000])
def test_uploads_are_refused_even_with_a_session(place, size: int):
    """Streamlit accepts files from any visitor with an open page, even without an upload widget."""
    with visit(place) as connection:
        session = started(connection)
        token = response_to(place, "GET", "/_stcore/health").getheader("Set-Cookie").split(";")[0]
        headers = {"Cookie": token, "X-Xsrftoken": token.split("=", 1)[1]}
        headers["Content-Type"] = "multipart/form-data; boundary=b"
        part = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + b"x" * size + b"\r\n--b--\r\n"
        path = f"/_stcore/upload_file/{session}/f"
        assert response_to(place, "PUT", path, part, **headers).status == 413
        assert response_to(place, "PUT", path, iter([part]), **headers).status == 413  # chunked, without a length
        del headers["X-Xsrftoken"]
        assert response_to(place, "PUT", path, part, **headers).status == 403


def started(connection: ClientConnection) -> str:
    """Id of the session that a first run creates."""
    message, answer = BackMsg(), ForwardMsg()
    message.rerun_script.query_string = ""
    connection.send(message.SerializeToString())
    while answer.WhichOneof("type") != "new_session":
        answer.ParseFromString(connection.recv(timeout=60))
    return answer.new_session.initialize.session_id


def test_too_large_message_closes_only_its_connection(place):
    with visit(place) as connection, visit(place) as other:
        run_page(other, "about")
        connection.send(b"x" * 1_000_001)
        with pytest.raises(ConnectionClosed):
            read_on(connection)
        run_page(other, "about")


def read_on(connection: ClientConnection) -> None:
    for _ in range(100):
        connection.recv(timeout=60)


def test_only_files_of_streamlit_are_served(place):
    """Any other path returns the app itself, which reports an unknown page."""
    page = response_to(place, "GET", "/").getheader("Content-Length")
    for path in ("/app/static/x", "/app.py", "/data/planted/manifest.json", "/.streamlit/config.toml"):
        answer = response_to(place, "GET", path)
        assert answer.status == 404 or answer.getheader("Content-Length") == page


def test_error_reveals_nothing_about_the_machine(tmp_path):
    """Message, type, path and lines of an unexpected exception do not reach the browser."""
    (tmp_path / "app.py").write_text('raise ZeroDivisionError("a secret")\n')
    (tmp_path / ".streamlit").symlink_to(CONFIG.parent)
    with (
        launched(None, subprocess.DEVNULL, folder=tmp_path) as (process, port),
        browse(process, port) as connection,
    ):
        page = drawn(connection)
    assert b"encountered an error" in page
    for word in (b"secret", b"ZeroDivision", str(tmp_path).encode(), b"Traceback", b"line 1"):
        assert word not in page
