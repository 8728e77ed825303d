"""Requests of the page to the live model. The page does not block: a fragment reruns it when an answer has arrived.

    read = requesting.answer(atlas, ReadText(view.text))     # None until the answer has arrived
    …
    requesting.wait()                                        # last on the page: reruns it when an answer arrives

Requests of a visitor's last view are cancelled when the next view does not repeat them. The session stores the last few
answers, so that Back shows them at once; they are stored nowhere else.
"""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.live.answers import Answer
from ne_core.live.requests import Request
from pages.components.serving import live_model
from pages.components.serving.live_queue import Ticket

MOMENT_S = 0.3  # the page waits this long if the queue is empty: a loaded model usually answers within it
EVERY_S = 1  # between two checks for an answer
ANSWERS = 12  # stored in a session
KEY = "_live_tickets"


def answer(atlas: Atlas, request: Request) -> Answer | None:
    """Return the answer of the atlas's model; None until it has arrived."""
    tickets = tickets_of_session()
    name = (str(atlas.root), request)
    ticket = tickets.pop(name, None)
    if ticket is None:
        ticket = live_model.submit(atlas.root, request)
        if ticket.place == 0:
            ticket.done_within(MOMENT_S)
    tickets[name] = ticket  # last: the most recent one
    current().add(name)
    return ticket.answer


def tickets_of_session() -> dict[tuple[str, Request], Ticket]:
    return st.session_state.setdefault(KEY, {})


def current() -> set:
    return st.session_state.setdefault(f"{KEY}_now", set())


def begin() -> None:
    """Start a view: no request belongs to it yet. Call it first on a page."""
    current().clear()


def wait() -> None:
    """Cancel the requests that this view has not made, and wait for the answers to the others."""
    tickets, now = tickets_of_session(), current()
    for name in [name for name in tickets if name not in now and tickets[name].answer is None]:
        tickets.pop(name).cancel()
    for name in [name for name in tickets if name not in now][: max(0, len(tickets) - ANSWERS)]:
        tickets.pop(name)
    if any(tickets[name].answer is None for name in now):
        waiting()


@st.fragment(run_every=EVERY_S)
def waiting() -> None:
    tickets = [tickets_of_session()[name] for name in current() if name in tickets_of_session()]
    unanswered = [ticket for ticket in tickets if ticket.answer is None]
    if len(unanswered) < len(tickets) or not tickets:
        st.rerun()
    st.caption(f":material/hourglass_top: {queue_words(min(ticket.place for ticket in unanswered))}")


def queue_words(place: int) -> str:
    if place == 0:
        return (
            "The model is computing the answer. The first one takes some seconds longer, because the model is loaded."
        )
    before = "One request is" if place == 1 else f"{place:,} requests are"
    return f"{before} ahead of yours."
