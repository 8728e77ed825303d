"""The queue of requests to the model: ordered, bounded, and every ticket knows its place."""

import threading
from pathlib import Path

import pytest

from ne_core.live.answers import Answer, Refused
from ne_core.live.requests import ReadText
from pages.components.serving.live_queue import BROKEN, CANCELLED, FULL, LiveQueue, Ticket

ATLAS = Path("a")


class Server:
    """A queue whose requests are answered one by one, as the test allows by `go.release`."""

    def __init__(self):
        self.texts: list[str] = []
        self.go = threading.Semaphore(0)
        self.queue = LiveQueue(self.answer, most=3)

    def answer(self, atlas, request):
        self.texts.append(request.text)
        assert self.go.acquire(timeout=10)
        if request.text == "broken":
            raise RuntimeError(request.text)
        return Refused(request.text)

    def submit(self, text: str):
        return self.queue.submit(ATLAS, ReadText(text))


@pytest.fixture
def server():
    server = Server()
    yield server
    server.go.release(100)


def first(server):
    """A request that is being answered."""
    ticket = server.submit("first")
    while not server.texts:
        threading.Event().wait(0.01)
    return ticket


def answer_of(ticket: Ticket) -> Answer:
    assert ticket.done_within(10)
    return ticket.answer


def test_first_come_first_served_and_every_ticket_knows_its_place(server):
    tickets = [first(server), server.submit("b"), server.submit("c")]
    assert [each.place for each in tickets] == [0, 1, 2]
    assert tickets[0].answer is None
    server.go.release(3)
    assert [answer_of(each).message for each in tickets] == ["first", "b", "c"]
    assert server.texts == ["first", "b", "c"]
    assert tickets[2].place == 0


def test_beyond_its_bound_a_request_is_refused_at_once(server):
    first(server)
    waiting = [server.submit(str(n)) for n in range(3)]
    assert server.submit("one too many").answer == Refused(FULL)
    waiting[0].cancel()
    assert waiting[0].answer == Refused(CANCELLED)
    assert waiting[2].place == 2
    assert server.submit("there is room").answer is None


def test_an_error_does_not_stop_the_queue(server):
    broken, next_one = server.submit("broken"), server.submit("b")
    server.go.release(2)
    assert answer_of(broken) == Refused(BROKEN)
    assert answer_of(next_one) == Refused("b")


def test_a_cancelled_request_is_never_answered_by_the_model(server):
    first(server)
    ticket = server.submit("b")
    assert not ticket.done_within(0.01)
    ticket.cancel()
    assert ticket.answer == Refused(CANCELLED)
    server.go.release(10)
    assert answer_of(server.submit("c")) == Refused("c")
    assert server.texts == ["first", "c"]
