"""One visitor as the server meets them: a browser's first requests, its websocket, and what it sends by itself.

A click is due every THINK_S, whether or not the page before has come; its time runs from when it was due. So a server
that falls behind cannot hide it by being asked less often. A patient visitor waits for a page before the next click is
due, as people do where a server is far too small.
"""

import asyncio
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

THINK_S, PATIENCE_S = 2.0, 120
KEPT_RUNS = 2  # for so many script runs a browser keeps a large message, and names it to the server
POINTED_AT = 7  # the number of a feature that the pointer meets on the map


@dataclass
class Visit:
    """Seconds of every click, and what went wrong in words."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    told_to_wait: int = 0  # messages that said so


class Browser:
    """A connection, and what a browser remembers of it."""

    def __init__(self, connection: ClientConnection, visit: Visit) -> None:
        self.connection, self.visit = connection, visit
        self.kept: dict[str, int] = {}  # message by its hash: the run that it was last part of
        self.runs = 0
        self.tell: tuple[str, str] | None = None  # component and fragment that answer for a feature of the map

    async def open(self, page: str, query: str) -> None:
        """A page; on the map the pointer then meets a point, for which the browser asks by itself."""
        self.tell = None
        await self.run(page, query)
        if self.tell:
            component, fragment = self.tell
            asked = json.dumps({"asked": POINTED_AT})
            await self.run(page, query, fragment, {component: asked})

    async def run(self, page: str, query: str, fragment: str = "", states: dict[str, str] | None = None) -> None:
        message = BackMsg()
        request = message.rerun_script
        request.page_name, request.query_string, request.fragment_id = page, query, fragment
        request.cached_message_hashes.extend(self.kept)
        for id, state in (states or {}).items():
            request.widget_states.widgets.add(id=id, json_value=state)
        await self.connection.send(message.SerializeToString())
        while not self.ends(ForwardMsg.FromString(await self.connection.recv())):
            pass
        self.runs += 1
        self.kept = {hash: run for hash, run in self.kept.items() if run >= self.runs - KEPT_RUNS}

    def ends(self, answer: ForwardMsg) -> bool:
        """Whether this message is the last of its run."""
        kind = answer.WhichOneof("type")
        if kind == "ref_hash":
            self.kept[answer.ref_hash] = self.runs
        elif kind == "delta":
            self.hear(answer)
        elif kind in ("page_not_found", "session_event"):
            self.visit.errors.append(str(answer)[:200])
        return kind == "script_finished" and answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN

    def hear(self, answer: ForwardMsg) -> None:
        if answer.metadata.cacheable:
            self.kept[answer.hash] = self.runs
        element = answer.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.visit.errors.append(element.exception.message)
        elif kind == "alert" and element.alert.format == Alert.ERROR:
            self.visit.errors.append(element.alert.body)
        elif kind == "toast":
            self.visit.told_to_wait += 1
        elif kind == "bidi_component" and '"role": "tell"' in element.bidi_component.json:
            self.tell = element.bidi_component.id, answer.delta.fragment_id


async def visit(
    port: int, journey: Iterator[tuple[str, str]], starts: float, seconds: float, patient: bool = False
) -> Visit:
    """Comes `starts` seconds from now by a deep link, clicks for so many seconds, leaves."""
    found, due = Visit(), time.perf_counter() + starts
    until = due + seconds
    await asyncio.sleep(starts)
    try:
        await front_page(port)
        address = f"ws://127.0.0.1:{port}/_stcore/stream"
        async with connect(address, subprotocols=["streamlit"], max_size=None, compression=None) as connection:
            browser = Browser(connection, found)
            while due < until:
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                async with asyncio.timeout(PATIENCE_S):
                    await browser.open(*next(journey))
                found.seconds.append(time.perf_counter() - due)
                due = max(due + THINK_S, time.perf_counter() if patient else 0.0)
    except Exception as error:  # whatever it is, it is what a visitor met
        found.errors.append(f"{type(error).__name__}: {error}")
    return found


async def front_page(port: int) -> None:
    """What a browser loads before it opens the websocket: the page, the files that it names, two settings."""
    page = (await got(port, "/")).decode()
    named = re.findall(r'(?:src|href)="\./(static/[^"]+)"', page)
    for path in (*named, "_stcore/health", "_stcore/host-config"):
        await got(port, f"/{path}")


async def got(port: int, path: str) -> bytes:
    """The body of a page of the server, by a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    if not head.startswith(b"HTTP/1.1 200"):
        raise OSError(f"{path}: {head[:40].decode(errors='replace')}")
    return body
