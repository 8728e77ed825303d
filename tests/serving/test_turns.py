"""The turnstile: who is first, who may leave, what becomes of a turn; and over a real server, that it is kept."""

import asyncio
import itertools
import threading
import time
from contextlib import suppress

import pytest

from pages.components.serving import turns
from pages.components.serving.turnstile import Turnstile
from tests.bench.visitor import visit
from tests.support.apptest import open_app
from tests.support.browser import launched, wait_for

SOON = 0.01


class Stopped(BaseException):
    """As Streamlit stops a script: not an Exception."""


class Queue:
    """Threads at a turnstile: each says when it is inside, and stays until it is told to go."""

    def __init__(self, at_once: int = 1) -> None:
        self.turnstile, self.order = Turnstile(at_once), []
        self.leave = {}

    def come(self, name: str, number: int | None = None, meanwhile=lambda before: None) -> threading.Thread:
        self.leave[name] = threading.Event()
        number = self.turnstile.number() if number is None else number
        known = len(self.turnstile.waiting) + len(self.order)
        thread = threading.Thread(target=self._stand, args=(name, number, meanwhile), daemon=True)
        thread.start()
        until(lambda: len(self.turnstile.waiting) + len(self.order) > known)
        return thread

    def _stand(self, name: str, number: int, meanwhile) -> None:
        with suppress(Stopped), self.turnstile.turn(number, meanwhile, SOON):
            self.order.append(name)
            self.leave[name].wait(10)

    def go(self, name: str) -> None:
        self.leave[name].set()


def until(true) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_who_comes_first_goes_in_first():
    queue = Queue()
    for name in "abcd":
        queue.come(name)
    for name in "abcd":
        queue.go(name)
        until(lambda name=name: name in queue.order)
    assert queue.order == list("abcd")


def test_so_many_are_inside_and_no_more():
    queue = Queue(at_once=2)
    for name in "abcd":
        queue.come(name)
    assert queue.order == ["a", "b"]
    assert len(queue.turnstile.waiting) == 2


def test_who_comes_back_with_their_number_stands_where_they_stood():
    queue = Queue()
    queue.come("inside")
    early = queue.turnstile.number()
    queue.come("late")
    queue.come("early", early)
    queue.go("inside")
    until(lambda: len(queue.order) == 2)
    assert queue.order == ["inside", "early"]


def test_an_error_inside_gives_the_turn_on():
    turnstile = Turnstile(1)
    with pytest.raises(ZeroDivisionError), turnstile.turn(0, print, SOON):
        raise ZeroDivisionError
    assert turnstile.free == 1


def test_who_gives_up_waiting_leaves_the_queue_and_holds_nothing():
    queue, gave_up = Queue(), []

    def no_more(before: int) -> None:
        gave_up.append(before)
        raise Stopped

    queue.come("inside")
    thread = queue.come("impatient", meanwhile=no_more)
    queue.come("patient")
    thread.join(10)
    assert gave_up == [0]
    assert len(queue.turnstile.waiting) == 1
    queue.go("inside")
    until(lambda: queue.order == ["inside", "patient"])
    queue.go("patient")
    until(lambda: queue.turnstile.free == 1)


def test_who_gives_up_just_when_they_are_let_in_gives_the_turn_on():
    turnstile = Turnstile(1)

    def let_in_and_gone(before: int) -> None:
        turnstile.leave(first)
        raise Stopped

    first = turnstile.come(0)
    with pytest.raises(Stopped), turnstile.turn(1, let_in_and_gone, SOON):
        pytest.fail("the waiting had ended")
    assert turnstile.free == 1
    assert not turnstile.waiting


def test_who_waits_hears_how_many_are_before():
    queue, heard = Queue(), []
    for name in ("inside", "first", "second"):
        queue.come(name)
    queue.come("third", meanwhile=heard.append)
    until(lambda: heard)
    assert heard[0] == 2


def test_a_page_that_waits_says_so_and_is_then_shown(tiny_atlas, monkeypatch):
    monkeypatch.setattr(turns, "TURNSTILE", Turnstile(1))
    monkeypatch.setattr(turns, "CHECK_EVERY_S", 0.2)
    before, tell = turns.TURNSTILE.come(turns.TURNSTILE.number()), turns.Notice.tell

    def told_and_let_in(notice: turns.Notice, number: int) -> None:
        tell(notice, number)
        turns.TURNSTILE.leave(before)

    monkeypatch.setattr(turns.Notice, "tell", told_and_let_in)
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, layer="0", neuron="0")
    assert app.toast[0].value == "Many visitors are here. Yours is the next view."
    assert "Neuron 0" in app.title[0].value
    assert turns.TURNSTILE.free == 1


def test_a_turn_inside_a_turn_is_the_same(tiny_atlas, monkeypatch):
    """The Export menus are fragments of a page: with one turn for all, a second one would be waited for for ever."""
    monkeypatch.setattr(turns, "TURNSTILE", Turnstile(1))
    assert not open_app(tiny_atlas.parent, "ranking", monkeypatch).toast


@pytest.fixture
def counted(request, tiny_atlas, tmp_path):
    """A real explorer that writes down how many views are computed at the same time; its port, and those numbers."""
    (written := tmp_path / "inside").touch()
    more = {"NE_COUNTED": str(written), "NE_LONGER": request.param}
    with (
        (tmp_path / "log").open("w+") as log,
        launched(tiny_atlas.parent, log, module="tests.support.counted_server", **more) as (process, port),
    ):
        wait_for(process, f"http://127.0.0.1:{port}", log)
        yield port, lambda: [int(line) for line in written.read_text().split()]


VIEWS = [
    ("neuron", "layer=0&neuron=0"),
    ("ranking", ""),
    ("search", "q=cat"),
    ("map", ""),
    ("side_by_side", ""),
    ("", ""),
]


@pytest.mark.parametrize("counted", ["0.02"], indirect=True)
def test_thirty_visitors_at_once_are_all_served_and_never_more_than_so_many_at_a_time(counted):
    port, inside = counted

    async def all_at_once() -> list:
        journeys = [itertools.cycle(VIEWS[i % len(VIEWS) :] + VIEWS) for i in range(30)]
        return await asyncio.gather(*(visit(port, journey, 0.0, 1.0) for journey in journeys))

    visits = asyncio.run(all_at_once())
    assert [error for each in visits for error in each.errors] == []
    assert [len(each.seconds) for each in visits] == [1] * 30
    assert max(inside()) == turns.AT_ONCE


@pytest.mark.parametrize("counted", ["0.5"], indirect=True)
def test_visitors_who_leave_while_they_wait_hold_nobody_up(counted):
    """Fifteen views of half a second would take seven and a half."""
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
