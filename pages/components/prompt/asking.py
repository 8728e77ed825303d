"""Answers of the live model to what a page asks: one that takes longer than a moment is waited for by a fragment.

    read = asking.answer(atlas, ReadText(view.text))     # None while it is waited for
    …
    asking.wait()                                        # last on the page: runs it again when an answer is there

The requests of a visitor's last view are withdrawn when the next view does not ask the same. A few answers are held in
the session, so that Back shows them at once; nothing else holds them.
"""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.live.answers import Answer
from ne_core.live.requests import Request
from pages.components.serving import live_model
from pages.components.serving.live_queue import Ticket

MOMENT_S = 0.3  # a warm model answers within it: the page waits so long where nobody is before it
EVERY_S = 1
ANSWERS = 12  # of a session
KEY = "_live_tickets"


def answer(atlas: Atlas, request: Request) -> Answer | None:
    """The answer of the atlas's model; None while it is waited for."""
    tickets = tickets_of_session()
    name = (str(atlas.root), request)
    ticket = tickets.pop(name, None)
    if ticket is None:
        ticket = live_model.submit(atlas.root, request)
        if ticket.place == 0:
            ticket.done_within(MOMENT_S)
    tickets[name] = ticket  # the most recent last
    current().add(name)
    return ticket.answer


def tickets_of_session() -> dict[tuple[str, Request], Ticket]:
    return st.session_state.setdefault(KEY, {})


def current() -> set:
    return st.session_state.setdefault(f"{KEY}_now", set())


def begin() -> None:
    """Forget what the last view asked. Call it first on a page."""
    current().clear()


def wait() -> None:
    """Withdraw what this view does not ask, and wait for the rest."""
    tickets, now = tickets_of_session(), current()
    for name in [name for name in tickets if name not in now and tickets[name].answer is None]:
        tickets.pop(name).cancel()
    for name in [name for name in tickets if name not in now][: max(0, len(tickets) - ANSWERS)]:
        tickets.pop(name)
    if any(tickets[name].answer is None for name in now):
        waiting()


@st.fragment(run_every=EVERY_S)
def waiting() -> None:
    left = [tickets_of_session()[name] for name in current() if name in tickets_of_session()]
    unanswered = [ticket for ticket in left if ticket.answer is None]
    if len(unanswered) < len(left) or not left:
        st.rerun()
    st.caption(f":material/hourglass_top: {standing(min(ticket.place for ticket in unanswered))}")


def standing(place: int) -> str:
    if place == 0:
        return "The model is at work; the first request takes some seconds longer, while the model is loaded."
    before = "One request is" if place == 1 else f"{place:,} requests are"
    return f"{before} answered before yours."
