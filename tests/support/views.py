"""Views of an explorer over its websocket: every page of it, and what one puts on the screen."""

import subprocess
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection

from pages.components.shell.nav import PAGES
from tests.bench.server import PATIENCE_S, browse, run_page
from tests.support.browser import launched


def open_every_page(atlases: Path | None, name: str, **how) -> list[str]:
    """The pages of the atlas `name`, each drawn without an exception by an explorer launched as `how` says."""
    with launched(atlases, subprocess.DEVNULL, **how) as (process, port), browse(process, port) as connection:
        for page in ("", *PAGES):
            run_page(connection, page, f"atlas={name}")
    return list(PAGES)


def drawn(connection: ClientConnection, page: str = "", query: str = "") -> bytes:
    """Everything that a view puts on the screen, exceptions too."""
    message, shown, answer = BackMsg(), b"", ForwardMsg()
    message.rerun_script.page_name, message.rerun_script.query_string = page, query
    connection.send(message.SerializeToString())
    while not ended(answer):
        answer.ParseFromString(connection.recv(timeout=PATIENCE_S))
        shown += answer.delta.SerializeToString()
    return shown


def ended(answer: ForwardMsg) -> bool:
    """The end of a run, but not of one that another takes over."""
    early = ForwardMsg.FINISHED_EARLY_FOR_RERUN
    return answer.WhichOneof("type") == "script_finished" and answer.script_finished != early
