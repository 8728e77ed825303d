"""Late requests over a server's websocket: a request for the previous page is dropped.

Each test sends the message that a component's timer sends when a visitor leaves the map quickly.
"""

import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.fragment import MemoryFragmentStorage
from streamlit.runtime.scriptrunner_utils.exceptions import StopException
from websockets.sync.client import ClientConnection

from pages.components.serving import streamlit_patches
from pages.components.serving.streamlit_patches import fragments_of_this_view, late
from tests.bench.visits.server import PATIENCE_S, browse
from tests.support.browser import launched
from tests.support.views import ended


class Browser:
    """A client that keeps each page's hash and its fragments, as a browser does."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection, self.hashes, self.fragments = connection, {}, []

    def send(self, cached: Iterable[str] = (), **request: str) -> None:
        """Send a request; `cached` are hashes of messages that the client claims to hold."""
        message = BackMsg()
        message.rerun_script.cached_message_hashes.extend(cached)
        for field, value in request.items():
            setattr(message.rerun_script, field, value)
        self.connection.send(message.SerializeToString())

    def receive(self) -> ForwardMsg:
        answer = ForwardMsg()
        answer.ParseFromString(self.connection.recv(timeout=PATIENCE_S))
        if answer.delta.fragment_id:
            self.fragments.append(answer.delta.fragment_id)
        return answer

    def receive_run(self) -> list[ForwardMsg]:
        """Return all messages until a run has ended."""
        messages = [self.receive()]
        while not ended(messages[-1]):
            messages.append(self.receive())
        return messages

    def open(self, name: str) -> list[ForwardMsg]:
        """Open the page with this name by its address."""
        self.send(page_name=name, query_string="atlas=planted")
        messages = self.receive_run()
        self.hashes[name] = pages_in(messages)[-1]
        return messages

    def leave_page(self, for_page: str) -> None:
        """Request another page and at once a fragment of the current one."""
        self.send(page_script_hash=self.hashes[for_page], query_string="atlas=planted")
        self.send(page_script_hash=self.hashes["map"], fragment_id=self.fragments[-1])


def pages_in(messages: list[ForwardMsg]) -> list[str]:
    """Return the hashes of the pages for which runs were started, in order."""
    return [each.new_session.page_script_hash for each in messages if each.HasField("new_session")]


@contextmanager
def open_map(atlases: Path, module: str = "streamlit") -> Iterator[Browser]:
    """Yield a browser on the map that has visited two other pages: one ends early, one is drawn to its end."""
    with (
        launched(atlases, subprocess.DEVNULL, module=module) as (process, port),
        browse(process, port) as connection,
    ):
        browser = Browser(connection)
        for name in ("search", "about", "map"):
            browser.open(name)
        yield browser


def test_left_page_is_not_rerun(tiny_atlas):
    with open_map(tiny_atlas.parent) as browser:
        for name in ("about", "search"):
            browser.leave_page(name)
            assert set(pages_in(browser.receive_run())) == {browser.hashes[name]}
            browser.send(page_script_hash=browser.hashes[name], query_string="atlas=planted")
            assert set(pages_in(browser.receive_run())) == {browser.hashes[name]}
            browser.send(page_script_hash=browser.hashes["map"], query_string="atlas=planted")
            browser.receive_run()


def test_unpatched_streamlit_reruns_left_page(tiny_atlas):
    """Fails once `drop_late_requests` is no longer needed."""
    with open_map(tiny_atlas.parent, module="tests.support.servers.unpatched_server") as browser:
        browser.leave_page("about")
        pages = []
        while browser.hashes["map"] not in pages:
            pages += pages_in([browser.receive()])


def test_messages_are_never_replaced_by_references(tiny_atlas):
    """A browser may have dropped them, which would leave a dead page (`global.minCachedMessageSize`)."""
    with open_map(tiny_atlas.parent) as browser:
        browser.open("neuron")
        messages = []
        for _ in range(2):  # element names change once, after the page was opened by its address
            cached = [each.hash for each in messages]
            browser.send(cached, page_script_hash=browser.hashes["neuron"], query_string="atlas=planted")
            messages = browser.receive_run()
        assert max(each.ByteSize() for each in messages) > 10_000  # Streamlit's default minimum size
        assert "ref_hash" not in {each.WhichOneof("type") for each in messages}


def test_fragment_of_previous_page_is_late():
    session = SimpleNamespace()
    assert not late(session, None)
    assert not late(session, ClientState(page_name="map"))  # by address; the hash is not known yet
    assert not late(session, ClientState(page_script_hash="map", fragment_id="list"))
    assert not late(session, ClientState(page_script_hash="about"))
    assert late(session, ClientState(page_script_hash="map", fragment_id="list"))
    assert not late(session, ClientState(page_script_hash="about", fragment_id="menu"))
    assert not late(session, ClientState(page_script_hash="map"))
    assert not late(session, ClientState(page_script_hash="map", fragment_id="list"))


@pytest.fixture
def storage(monkeypatch) -> MemoryFragmentStorage:
    """Storage of a session with a fragment of the previous view."""
    fragments = MemoryFragmentStorage()
    fragments.register("before", print)
    monkeypatch.setattr(streamlit_patches, "get_script_run_ctx", lambda: SimpleNamespace(fragment_storage=fragments))
    monkeypatch.setattr(streamlit_patches, "st", SimpleNamespace(session_state={}))
    return fragments


def draw_and_stop(draw: Callable[[], None]) -> None:
    """Draw a view and end it early."""
    with suppress(StopException), fragments_of_this_view():
        draw()
        raise StopException


def test_early_end_forgets_previous_fragments(storage):
    draw_and_stop(lambda: storage.register("current", print))
    assert storage.contains("current")
    assert not storage.contains("before")


def test_replaced_view_forgets_nothing(storage):
    def newer() -> None:
        with fragments_of_this_view():
            storage.register("newer", print)

    draw_and_stop(newer)
    assert storage.contains("newer")
    assert storage.contains("before")  # until the newer view ends, which forgets it
