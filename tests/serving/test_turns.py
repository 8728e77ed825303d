"""The turnstile: order, leaving and giving up a turn; and its limit on a real server."""

import asyncio
import itertools
import threading
import time
from contextlib import suppress

import pytest

from pages.components.serving import turns
from pages.components.serving.turnstile import Turnstile
from tests.bench.visits.visitor import visit
from tests.support.apptest import open_app
from tests.support.browser import launched, wait_for

SOON = 0.01


class Stopped(BaseException):
    """Exception by which Streamlit stops a script."""


class Queue:
    """Threads at a turnstile; each records its entry and stays until `go` is called."""

    def __init__(self, at_once: int = 1) -> None:
        self.turnstile, self.order = Turnstile(at_once), []
        self.leave = {}

    def enter(self, name: str, number: int | None = None, meanwhile=lambda before: None) -> threading.Thread:
        self.leave[name] = threading.Event()
        number = self.turnstile.number() if number is None else number
        known = len(self.turnstile.waiting) + len(self.order)
        thread = threading.Thread(target=self._wait_turn, args=(name, number, meanwhile), daemon=True)
        thread.start()
        until(lambda: len(self.turnstile.waiting) + len(self.order) > known)
        return thread

    def _wait_turn(self, name: str, number: int, meanwhile) -> None:
        with suppress(Stopped), self.turnstile.turn(number, meanwhile, SOON):
            self.order.append(name)
            self.leave[name].wait(10)

    def go(self, name: str) -> None:
        self.leave[name].set()


def until(condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_first_come_first_served():
    queue = Queue()
    for name in "abcd":
        queue.enter(name)
    for name in "abcd":
        queue.go(name)
        until(lambda name=name: name in queue.order)
    assert queue.order == list("abcd")


def test_number_inside_is_limited():
    queue = Queue(at_once=2)
    for name in "abcd":
        queue.enter(name)
    assert queue.order == ["a", "b"]
    assert len(queue.turnstile.waiting) == 2


def test_returning_number_keeps_its_place():
    queue = Queue()
    queue.enter("inside")
    early = queue.turnstile.number()
    queue.enter("late")
    queue.enter("early", early)
    queue.go("inside")
    until(lambda: len(queue.order) == 2)
    assert queue.order == ["inside", "early"]


def test_error_inside_releases_turn():
    turnstile = Turnstile(1)
    with pytest.raises(ZeroDivisionError), turnstile.turn(0, print, SOON):
        raise ZeroDivisionError
    assert turnstile.free == 1


def test_giving_up_leaves_queue():
    queue, gave_up = Queue(), []

    def no_more(before: int) -> None:
        gave_up.append(before)
        raise Stopped

    queue.enter("inside")
    thread = queue.enter("impatient", meanwhile=no_more)
    queue.enter("patient")
    thread.join(10)
    assert gave_up == [0]
    assert len(queue.turnstile.waiting) == 1
    queue.go("inside")
    until(lambda: queue.order == ["inside", "patient"])
    queue.go("patient")
    until(lambda: queue.turnstile.free == 1)


def test_giving_up_while_admitted_releases_turn():
    turnstile = Turnstile(1)

    def admit_and_stop(before: int) -> None:
        turnstile.leave(first)
        raise Stopped

    first = turnstile.come(0)
    with pytest.raises(Stopped), turnstile.turn(1, admit_and_stop, SOON):
        pytest.fail("the waiting had ended")
    assert turnstile.free == 1
    assert not turnstile.waiting


def test_waiting_reports_queue_length():
    queue, lengths = Queue(), []
    for name in ("inside", "first", "second"):
        queue.enter(name)
    queue.enter("third", meanwhile=lengths.append)
    until(lambda: lengths)
    assert lengths[0] == 2


def test_waiting_page_shows_notice_then_view(tiny_atlas, monkeypatch):
    monkeypatch.setattr(turns, "TURNSTILE", Turnstile(1))
    monkeypatch.setattr(turns, "CHECK_EVERY_S", 0.2)
    before, tell = turns.TURNSTILE.come(turns.TURNSTILE.number()), turns.Notice.tell

    def tell_and_admit(notice: turns.Notice, number: int) -> None:
        tell(notice, number)
        turns.TURNSTILE.leave(before)

    monkeypatch.setattr(turns.Notice, "tell", tell_and_admit)
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, layer="0", neuron="0")
    assert app.toast[0].value == "Many visitors are here. Yours is the next view."
    assert "Neuron 0" in app.title[0].value
    assert turns.TURNSTILE.free == 1


def test_nested_turn_is_shared(tiny_atlas, monkeypatch):
    """The Export menus are fragments of a page: with one turn for all, waiting for a second one would never end."""
    monkeypatch.setattr(turns, "TURNSTILE", Turnstile(1))
    assert not open_app(tiny_atlas.parent, "ranking", monkeypatch).toast


@pytest.fixture
def counted(request, tiny_atlas, tmp_path):
    """A real explorer that records how many views run at the same time: its port, and a function that reads them."""
    (log_file := tmp_path / "inside").touch()
    environment = {"NE_COUNTED": str(log_file), "NE_LONGER": request.param}
    with (
        (tmp_path / "log").open("w+") as log,
        launched(tiny_atlas.parent, log, module="tests.support.servers.counted_server", **environment) as (
            process,
            port,
        ),
    ):
        wait_for(process, f"http://127.0.0.1:{port}", log)
        yield port, lambda: [int(line) for line in log_file.read_text().split()]


VIEWS = [
    ("neuron", "layer=0&neuron=0"),
    ("ranking", ""),
    ("search", "q=cat"),
    ("map", ""),
    ("side_by_side", ""),
    ("", ""),
]


@pytest.mark.slow
@pytest.mark.parametrize("counted", ["0.02"], indirect=True)
def test_thirty_visitors_are_served_within_limit(counted):
    port, inside = counted

    async def all_at_once() -> list:
        journeys = [itertools.cycle(VIEWS[i % len(VIEWS) :] + VIEWS) for i in range(30)]
        return await asyncio.gather(*(visit(port, journey, 0.0, 1.0) for journey in journeys))

    visits = asyncio.run(all_at_once())
    assert [error for each in visits for error in each.errors] == []
    assert [len(each.seconds) for each in visits] == [1] * 30
    assert max(inside()) == turns.AT_ONCE


@pytest.mark.slow
@pytest.mark.parametrize("counted", ["0.5"], indirect=True)
def test_leaving_visitors_do_not_block_others(counted):
    """Fifteen views of half a second would take seven and a half seconds."""
    port, inside = counted

    async def leave() -> None:
        some = [asyncio.create_task(visit(port, itertools.cycle(VIEWS), 0.0, 60.0)) for _ in range(15)]
        while len(inside()) < 2:
            await asyncio.sleep(0.1)
        for each in some:
            each.cancel()
        await asyncio.gather(*some, return_exceptions=True)

    asyncio.run(leave())
    alone = asyncio.run(visit(port, iter(VIEWS), 0.0, 1.0))
    assert not alone.errors
    assert len(alone.seconds) == 1
    until(lambda: inside()[-1] == 0)
    assert len(inside()) / 2 < 8
