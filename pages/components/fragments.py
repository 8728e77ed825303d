"""Fragments that belong to one view: once another view has been drawn, they draw nothing more.

Streamlit forgets the fragments of the page before only when a script runs to its end. A page that ends early, by
`st.stop` as where a search asks for nothing, leaves them alive, and a late request then draws one of them where the new
page has other blocks, or none: a white page. Requests of a page that was left are dropped in late_requests.py.
"""

from collections.abc import Callable
from functools import wraps

import streamlit as st

VIEW = "_view"  # in the session's state: the number of the view that was drawn last


def new_view() -> None:
    """Count a run of the whole script. Every fragment of the runs before is late from now on."""
    st.session_state[VIEW] = current_view() + 1


def current_view() -> int:
    return st.session_state.get(VIEW, 0)


def fragment(function: Callable, **how) -> Callable:
    """`st.fragment(function, **how)`, which runs again only for the view that it was drawn for."""

    @wraps(function)
    def in_its_view(view: int, *args, **named):
        if view != current_view():
            st.stop()
        return function(*args, **named)

    drawn = st.fragment(in_its_view, **how)

    @wraps(function)
    def draw(*args, **named):
        return drawn(current_view(), *args, **named)

    return draw
