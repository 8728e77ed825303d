"""Views are computed one at a time, first come, first served, so that many visitors wait a little and nothing breaks.

Every visitor's script runs in a thread of its own, and all threads share one interpreter. Fifty views at once would be
as slow as the last of fifty for everybody, and need the memory of fifty at the same time. Nor would two be faster than
one after the other (measured on 2 cores, where the server's own thread has the other one); and a library that one of
them imports for the first time is found half made by the other.
"""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps

import streamlit as st

from pages.components.serving.turnstile import Turnstile

AT_ONCE = 1
LOOK_S = 1.0  # who waits longer is told so
SHOWN = 5  # for so many times as long
TURNSTILE = Turnstile(AT_ONCE)
here = threading.local()  # `inside`: this thread has a turn


@contextmanager
def turn() -> Iterator[None]:
    """The time in which a view is computed. Inside a turn it is part of that turn.

    A newer click of the same visitor, or their leaving, ends the waiting. A newer click keeps the older one's place:
    else the impatient would stand at the end for ever.
    """
    if getattr(here, "inside", False):
        yield
        return
    number = st.session_state.setdefault("_turn", TURNSTILE.number())
    with TURNSTILE.turn(number, Notice().tell, LOOK_S):
        del st.session_state["_turn"]
        here.inside = True
        try:
            yield
        finally:
            here.inside = False


class Notice:
    """Says how many are before, and says it anew when the message has gone from the screen."""

    def __init__(self) -> None:
        self.asked = itertools.count()

    def tell(self, before: int) -> None:
        """Called every LOOK_S. Reading the session's state is when Streamlit ends a script that nobody waits for."""
        st.session_state.get("_turn")
        if next(self.asked) % SHOWN == 0:
            views = f"{before:,} views are" if before != 1 else "One view is"
            first = f"{views} computed before yours." if before else "Yours is the next view."
            said = f"Many people are here. {first}"
            st.toast(said, icon=":material/hourglass_top:", duration=int(SHOWN * LOOK_S))


def fragment(function: Callable) -> Callable:
    """`st.fragment`, whose runs by itself wait for their turn, too: they do not pass through app.py."""

    @wraps(function)
    def in_turn(*given, **named):
        with turn():
            return function(*given, **named)

    return st.fragment(in_turn)


def by_itself(made: Callable) -> Callable:
    """For what a click makes beside the script, such as a file: it waits for its turn without a word."""

    @wraps(made)
    def in_turn():
        with TURNSTILE.turn(TURNSTILE.number(), lambda before: None, LOOK_S):
            return made()

    return in_turn
