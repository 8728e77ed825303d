"""One visitor as the server sees them: a browser's first requests, its websocket, and its requests by itself.

A click is due every `think` seconds, whether or not the page before has arrived; its time runs from when it was due. So
a slow server cannot hide its delay by receiving fewer clicks. A patient visitor waits for a page before the next click
is due, as people do if a server is far too small.
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
CACHED_RUNS = 2  # script runs for which a browser caches a large message, and names it to the server
POINTED_FEATURE = 7  # number of the feature under the pointer on the map


@dataclass
class Visit:
    """Seconds of every click, and error messages."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    n_wait_messages: int = 0


class Browser:
    """A connection, and the messages that a browser caches."""

    def __init__(self, connection: ClientConnection, visit: Visit) -> None:
        self.connection, self.visit = connection, visit
        self.cached: dict[str, int] = {}  # the last run of a message, by its hash
        self.runs = 0
        self.tooltip: tuple[str, str] | None = None  # component and fragment that describe a feature of the map

    async def open(self, page: str, query: str) -> None:
        """Open a page; on the map the pointer then touches a point, about which the browser asks by itself."""
        self.tooltip = None
        await self.run(page, query)
        if self.tooltip:
            component, fragment = self.tooltip
            request = json.dumps({"request": POINTED_FEATURE})
            await self.run(page, query, fragment, {component: request})

    async def run(self, page: str, query: str, fragment: str = "", states: dict[str, str] | None = None) -> None:
        message = BackMsg()
        request = message.rerun_script
        request.page_name, request.query_string, request.fragment_id = page, query, fragment
        request.cached_message_hashes.extend(self.cached)
        for id, state in (states or {}).items():
            request.widget_states.widgets.add(id=id, json_value=state)
        await self.connection.send(message.SerializeToString())
        while not self.ends(ForwardMsg.FromString(await self.connection.recv())):
            pass
        self.runs += 1
        self.cached = {hash: run for hash, run in self.cached.items() if run >= self.runs - CACHED_RUNS}

    def ends(self, answer: ForwardMsg) -> bool:
        """Record a message; returns whether it is the last of its run."""
        kind = answer.WhichOneof("type")
        if kind == "ref_hash":
            self.cached[answer.ref_hash] = self.runs
        elif kind == "delta":
            self.record(answer)
        elif kind in ("page_not_found", "session_event"):
            self.visit.errors.append(str(answer)[:200])
        return kind == "script_finished" and answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN

    def record(self, answer: ForwardMsg) -> None:
        if answer.metadata.cacheable:
            self.cached[answer.hash] = self.runs
        element = answer.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.visit.errors.append(element.exception.message)
        elif kind == "alert" and element.alert.format == Alert.ERROR:
            self.visit.errors.append(element.alert.body)
        elif kind == "toast":
            self.visit.n_wait_messages += 1
        elif kind == "bidi_component" and '"role": "details"' in element.bidi_component.json:
            self.tooltip = element.bidi_component.id, answer.delta.fragment_id


async def visit(
    port: int,
    journey: Iterator[tuple[str, str]],
    starts: float,
    seconds: float,
    patient: bool = False,
    think: float = THINK_S,
) -> Visit:
    """Arrive `starts` seconds from now by a deep link, click every `think` for `seconds`, leave."""
    result, due = Visit(), time.perf_counter() + starts
    until = due + seconds
    await asyncio.sleep(starts)
    try:
        await front_page(port)
        address = f"ws://127.0.0.1:{port}/_stcore/stream"
        async with connect(address, subprotocols=["streamlit"], max_size=None, compression=None) as connection:
            browser = Browser(connection, result)
            while due < until:
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                async with asyncio.timeout(PATIENCE_S):
                    await browser.open(*next(journey))
                result.seconds.append(time.perf_counter() - due)
                due = max(due + think, time.perf_counter() if patient else 0.0)
    except Exception as error:  # any failure is one that a visitor would see
        result.errors.append(f"{type(error).__name__}: {error}")
    return result


async def front_page(port: int) -> None:
    """Load what a browser loads before the websocket: the page, the files that it names, two settings."""
    page = (await get(port, "/")).decode()
    files = re.findall(r'(?:src|href)="\./(static/[^"]+)"', page)
    for path in (*files, "_stcore/health", "_stcore/host-config"):
        await get(port, f"/{path}")


async def get(port: int, path: str) -> bytes:
    """Return the body of a page of the server, by a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    if not head.startswith(b"HTTP/1.1 200"):
        raise OSError(f"{path}: {head[:40].decode(errors='replace')}")
    return body
