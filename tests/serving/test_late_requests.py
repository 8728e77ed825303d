"""Over a server's websocket: what a browser asks for just before it hears of the next page is let go.

Each test sends what a component's timer sends when a visitor leaves the map quickly.
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
from tests.bench.server import PATIENCE_S, browse
from tests.support.browser import launched
from tests.support.views import ended


class Browser:
    """One that remembers what a browser does: the hash of each page, and the fragments that it has drawn."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection, self.hashes, self.fragments = connection, {}, []

    def ask(self, has: Iterable[str] = (), **request: str) -> None:
        """`has`: hashes of messages that it says it still holds."""
        message = BackMsg()
        message.rerun_script.cached_message_hashes.extend(has)
        for field, value in request.items():
            setattr(message.rerun_script, field, value)
        self.connection.send(message.SerializeToString())

    def hear(self) -> ForwardMsg:
        answer = ForwardMsg()
        answer.ParseFromString(self.connection.recv(timeout=PATIENCE_S))
        if answer.delta.fragment_id:
            self.fragments.append(answer.delta.fragment_id)
        return answer

    def hear_run(self) -> list[ForwardMsg]:
        """All that comes until a run has ended."""
        heard = [self.hear()]
        while not ended(heard[-1]):
            heard.append(self.hear())
        return heard

    def open(self, name: str) -> list[ForwardMsg]:
        """The page of this name, by its address."""
        self.ask(page_name=name, query_string="atlas=planted")
        heard = self.hear_run()
        self.hashes[name] = pages_in(heard)[-1]
        return heard

    def leave_at_work(self, for_page: str) -> None:
        """Ask for another page and at once for a fragment of the one that is left."""
        self.ask(page_script_hash=self.hashes[for_page], query_string="atlas=planted")
        self.ask(page_script_hash=self.hashes["map"], fragment_id=self.fragments[-1])


def pages_in(heard: list[ForwardMsg]) -> list[str]:
    """The hashes of the pages that runs were begun for, in order."""
    return [each.new_session.page_script_hash for each in heard if each.HasField("new_session")]


@contextmanager
def at_the_map(atlases: Path, module: str = "streamlit") -> Iterator[Browser]:
    """A browser on the map, which knows two other pages: one ends early, one is drawn to its end."""
    with (
        launched(atlases, subprocess.DEVNULL, module=module) as (process, port),
        browse(process, port) as connection,
    ):
        browser = Browser(connection)
        for name in ("search", "about", "map"):
            browser.open(name)
        yield browser


def test_a_page_that_is_left_at_work_is_not_begun_again(tiny_atlas):
    with at_the_map(tiny_atlas.parent) as browser:
        for name in ("about", "search"):
            browser.leave_at_work(name)
            assert set(pages_in(browser.hear_run())) == {browser.hashes[name]}
            browser.ask(page_script_hash=browser.hashes[name], query_string="atlas=planted")
            assert set(pages_in(browser.hear_run())) == {browser.hashes[name]}
            browser.ask(page_script_hash=browser.hashes["map"], query_string="atlas=planted")
            browser.hear_run()


def test_streamlit_by_itself_begins_it_again(tiny_atlas):
    """When this fails, `drop_late_requests` is no longer needed."""
    with at_the_map(tiny_atlas.parent, module="tests.support.servers.unpatched_server") as browser:
        browser.leave_at_work("about")
        begun = []
        while browser.hashes["map"] not in begun:
            begun += pages_in([browser.hear()])


def test_no_message_stands_for_one_that_a_browser_may_have_dropped(tiny_atlas):
    """After steps faster than the server it has dropped it: a dead page (`global.minCachedMessageSize`)."""
    with at_the_map(tiny_atlas.parent) as browser:
        browser.open("neuron")
        heard = []
        for _ in range(2):  # the elements of a page change their names once, after it was opened by its address
            has = [each.hash for each in heard]
            browser.ask(has, page_script_hash=browser.hashes["neuron"], query_string="atlas=planted")
            heard = browser.hear_run()
        assert max(each.ByteSize() for each in heard) > 10_000  # Streamlit's own least size
        assert "ref_hash" not in {each.WhichOneof("type") for each in heard}


def test_a_fragment_of_another_page_than_the_one_asked_for_last_is_late():
    session = SimpleNamespace()
    assert not late(session, None)
    assert not late(session, ClientState(page_name="map"))  # by its address; its hash is not known yet
    assert not late(session, ClientState(page_script_hash="map", fragment_id="list"))
    assert not late(session, ClientState(page_script_hash="about"))
    assert late(session, ClientState(page_script_hash="map", fragment_id="list"))
    assert not late(session, ClientState(page_script_hash="about", fragment_id="menu"))
    assert not late(session, ClientState(page_script_hash="map"))
    assert not late(session, ClientState(page_script_hash="map", fragment_id="list"))


@pytest.fixture
def storage(monkeypatch) -> MemoryFragmentStorage:
    """Of a session in which a fragment of the view before is alive."""
    made = MemoryFragmentStorage()
    made.register("before", print)
    monkeypatch.setattr(streamlit_patches, "get_script_run_ctx", lambda: SimpleNamespace(fragment_storage=made))
    monkeypatch.setattr(streamlit_patches, "st", SimpleNamespace(session_state={}))
    return made


def stopped_after(drawing: Callable[[], None]) -> None:
    """A view that draws this, and then ends."""
    with suppress(StopException), fragments_of_this_view():
        drawing()
        raise StopException


def test_a_view_that_ends_early_forgets_the_fragments_before_it(storage):
    stopped_after(lambda: storage.register("own", print))
    assert storage.contains("own")
    assert not storage.contains("before")


def test_a_view_that_another_one_has_overtaken_forgets_nothing(storage):
    def newer() -> None:
        with fragments_of_this_view():
            storage.register("newer", print)

    stopped_after(newer)
    assert storage.contains("newer")
    assert storage.contains("before")  # as long as the newer one is not done, which forgets it
