"""Views of an explorer over its websocket: opening every page, and the elements that one view draws."""

import subprocess
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection

from pages.components.shell.nav import PAGES
from tests.bench.visits.server import PATIENCE_S, browse, run_page
from tests.support.browser import launched


def open_every_page(atlases: Path | None, name: str, **options) -> list[str]:
    """Draw every page of the atlas `name` in an explorer launched with `options`; fail on an exception."""
    with launched(atlases, subprocess.DEVNULL, **options) as (process, port), browse(process, port) as connection:
        for page in ("", *PAGES):
            run_page(connection, page, f"atlas={name}")
    return list(PAGES)


def drawn(connection: ClientConnection, page: str = "", query: str = "") -> bytes:
    """Return everything that a view draws, exceptions included."""
    message, elements, answer = BackMsg(), b"", ForwardMsg()
    message.rerun_script.page_name, message.rerun_script.query_string = page, query
    connection.send(message.SerializeToString())
    while not ended(answer):
        answer.ParseFromString(connection.recv(timeout=PATIENCE_S))
        elements += answer.delta.SerializeToString()
    return elements


def ended(answer: ForwardMsg) -> bool:
    """Return whether a run has ended, and not been replaced by another."""
    replaced = ForwardMsg.FINISHED_EARLY_FOR_RERUN
    return answer.WhichOneof("type") == "script_finished" and answer.script_finished != replaced
