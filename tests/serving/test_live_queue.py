"""The queue before the model: in order, bounded, and who waits knows their place."""

import threading
from pathlib import Path

import pytest

from ne_core.live.answers import Answer, Refused
from ne_core.live.requests import ReadText
from pages.components.serving.live_queue import BROKEN, FULL, GIVEN_UP, LiveQueue, Ticket

ATLAS = Path("a")


class Desk:
    """Answers each request when it is let."""

    def __init__(self):
        self.seen: list[str] = []
        self.go = threading.Semaphore(0)
        self.queue = LiveQueue(self.answer, most=3)

    def answer(self, atlas, request):
        self.seen.append(request.text)
        assert self.go.acquire(timeout=10)
        if request.text == "broken":
            raise RuntimeError(request.text)
        return Refused(request.text)

    def ask(self, text: str):
        return self.queue.submit(ATLAS, ReadText(text))


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.go.release(100)


def first(desk):
    """A request that is being answered."""
    ticket = desk.ask("first")
    while not desk.seen:
        threading.Event().wait(0.01)
    return ticket


def answer_of(ticket: Ticket) -> Answer:
    assert ticket.done_within(10)
    return ticket.answer


def test_first_come_first_served_and_everybody_knows_their_place(desk):
    tickets = [first(desk), desk.ask("b"), desk.ask("c")]
    assert [each.place for each in tickets] == [0, 1, 2]
    assert tickets[0].answer is None
    desk.go.release(3)
    assert [answer_of(each).message for each in tickets] == ["first", "b", "c"]
    assert desk.seen == ["first", "b", "c"]
    assert tickets[2].place == 0


def test_beyond_its_bound_a_request_is_refused_at_once(desk):
    first(desk)
    waiting = [desk.ask(str(n)) for n in range(3)]
    assert desk.ask("one too many").answer == Refused(FULL)
    waiting[0].cancel()
    assert waiting[0].answer == Refused(GIVEN_UP)
    assert waiting[2].place == 2
    assert desk.ask("there is room").answer is None


def test_what_breaks_takes_nobody_along(desk):
    broken, next_one = desk.ask("broken"), desk.ask("b")
    desk.go.release(2)
    assert answer_of(broken) == Refused(BROKEN)
    assert answer_of(next_one) == Refused("b")


def test_a_request_that_is_withdrawn_is_never_put_to_the_model(desk):
    first(desk)
    ticket = desk.ask("b")
    assert not ticket.done_within(0.01)
    ticket.cancel()
    assert ticket.answer == Refused(GIVEN_UP)
    desk.go.release(10)
    assert answer_of(desk.ask("c")) == Refused("c")
    assert desk.seen == ["first", "c"]
