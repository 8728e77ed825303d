"""A real `streamlit run`, spoken to as a browser does: over its websocket, one script run at a time."""

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
    """The explorer and its port, from the moment its process starts."""
    return launched(atlases, subprocess.DEVNULL)


def browse(process: subprocess.Popen, port: int, base: str = "") -> ClientConnection:
    """A browser's connection, tried until the server accepts it; `base` is a sub-path, such as `explorer/`."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            address = f"ws://127.0.0.1:{port}/{base}_stcore/stream"
            return connect(address, subprotocols=["streamlit"], max_size=None, compression=None)
        except OSError:
            time.sleep(0.01)
    raise RuntimeError("the explorer did not start: run `make app` to see why")


def run_page(connection: ClientConnection, page: str, query: str = "", bytes_sent: bool = False) -> float:
    """Seconds from asking for a page to the end of its script run, or the bytes that came; raises what the page shows
    as an exception."""
    message = BackMsg()
    message.rerun_script.page_name = page
    message.rerun_script.query_string = query
    started, came = time.perf_counter(), 0
    connection.send(message.SerializeToString())
    while True:
        answer, data = ForwardMsg(), connection.recv(timeout=PATIENCE_S)
        came += len(data)
        answer.ParseFromString(data)
        if answer.delta.new_element.HasField("exception"):
            raise RuntimeError(f"/{page}?{query}: {answer.delta.new_element.exception.message}")
        if (
            answer.WhichOneof("type") == "script_finished"
            and answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        ):
            return came if bytes_sent else time.perf_counter() - started


def memory_mb(process: subprocess.Popen) -> float:
    """Peak resident memory of the server so far, in MB, as the kernel counts it."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(kilobytes) * 1024 / 1e6
