"""A real `streamlit run`, used as by a browser: over its websocket, one script run at a time."""

import subprocess
import time
from contextlib import AbstractContextManager
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from tests.support.browser import launched

PATIENCE_S = 60


def server(atlases: Path) -> AbstractContextManager[tuple[subprocess.Popen, int]]:
    """Start the explorer; yields its process and port at once."""
    return launched(atlases, subprocess.DEVNULL)


def browse(process: subprocess.Popen, port: int, base: str = "") -> ClientConnection:
    """Open a browser's connection, retrying until the server accepts it; `base` is a sub-path, such as `explorer/`."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            address = f"ws://127.0.0.1:{port}/{base}_stcore/stream"
            return connect(address, subprotocols=["streamlit"], max_size=None, compression=None)
        except OSError:
            time.sleep(0.01)
    raise RuntimeError("the explorer did not start: run `make app` to see why")


def run_page(connection: ClientConnection, page: str, query: str = "", bytes_sent: bool = False) -> float:
    """Return seconds from a request to the end of its script run, or the bytes received.

    Raises RuntimeError for an exception on the page.
    """
    message = BackMsg()
    message.rerun_script.page_name = page
    message.rerun_script.query_string = query
    started, n_bytes = time.perf_counter(), 0
    connection.send(message.SerializeToString())
    while True:
        answer, data = ForwardMsg(), connection.recv(timeout=PATIENCE_S)
        n_bytes += len(data)
        answer.ParseFromString(data)
        if answer.delta.new_element.HasField("exception"):
            raise RuntimeError(f"/{page}?{query}: {answer.delta.new_element.exception.message}")
        if (
            answer.WhichOneof("type") == "script_finished"
            and answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        ):
            return n_bytes if bytes_sent else time.perf_counter() - started


def memory_mb(process: subprocess.Popen) -> float:
    """Peak resident memory of the server so far, in MB, from the kernel."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(kilobytes) * 1024 / 1e6
