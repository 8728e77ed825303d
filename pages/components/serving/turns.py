"""A queue for views: they are computed one at a time, first come, first served.

Every visitor's script runs in a thread of its own, and all threads share one interpreter. Fifty simultaneous views
would all be as slow as the last of fifty, and need the memory of fifty. Even two at a time are no faster than one
after the other (measured on 2 cores, one of which the server's own thread uses), and one thread could see a library
half imported by the other.
"""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps

import streamlit as st

from pages.components.serving.turnstile import Turnstile

AT_ONCE = 1
CHECK_EVERY_S = 1.0  # a visitor who waits longer sees a notice
NOTICE_CHECKS = 5  # the notice stays for this many checks
TURNSTILE = Turnstile(AT_ONCE)
thread = threading.local()  # `inside`: this thread has a turn


@contextmanager
def turn() -> Iterator[None]:
    """Wait for a turn and hold it while a view is computed. A turn inside a turn is the same turn.

    A newer click of the same visitor, or their leaving, ends the waiting. A newer click keeps the place of the older
    one: otherwise repeated clicks would move a visitor to the end of the queue every time.
    """
    if getattr(thread, "inside", False):
        yield
        return
    number = st.session_state.setdefault("_turn", TURNSTILE.number())
    with TURNSTILE.turn(number, Notice().tell, CHECK_EVERY_S):
        del st.session_state["_turn"]
        thread.inside = True
        try:
            yield
        finally:
            thread.inside = False


class Notice:
    """A message with the number of views ahead, repeated when it has disappeared from the screen."""

    def __init__(self) -> None:
        self.n_checks = itertools.count()

    def tell(self, before: int) -> None:
        """Show the message. Called every CHECK_EVERY_S; reading the session's state lets Streamlit end the script."""
        st.session_state.get("_turn")
        if next(self.n_checks) % NOTICE_CHECKS == 0:
            views = f"{before:,} views are" if before != 1 else "One view is"
            position = f"{views} ahead of yours." if before else "Yours is the next view."
            message = f"Many visitors are here. {position}"
            st.toast(message, icon=":material/hourglass_top:", duration=int(NOTICE_CHECKS * CHECK_EVERY_S))


def fragment(function: Callable) -> Callable:
    """Decorate as `st.fragment` does; its reruns, which do not pass through app.py, wait for their turn."""

    @wraps(function)
    def in_turn(*args, **kwargs):
        with turn():
            return function(*args, **kwargs)

    return st.fragment(in_turn)


def queued(make: Callable) -> Callable:
    """Make a callback that runs outside the script, such as one that makes a file, wait for its turn silently."""

    @wraps(make)
    def in_turn():
        with TURNSTILE.turn(TURNSTILE.number(), lambda before: None, CHECK_EVERY_S):
            return make()

    return in_turn
