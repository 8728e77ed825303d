"""Fragments belong to one view: when the next one has been drawn, in full or not, they are forgotten.

Streamlit 1.67 forgets the fragments of the page before only when a script runs to its end. A page that ends early, by
`st.stop` as where a search asks for nothing, leaves them alive, and a late request then draws one of them where the new
page has other blocks, or none: a white page. Requests of a page that was left are dropped in late_requests.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

VIEW = "_view"  # in the session's state: the number of the view that was begun last


@contextmanager
def of_this_view() -> Iterator[None]:
    """Draw a view; if that ends early, forget the fragments that it has not drawn."""
    storage = get_script_run_ctx().fragment_storage
    drawn_before = storage.registration_sequence()
    view = st.session_state[VIEW] = st.session_state.get(VIEW, 0) + 1
    try:
        yield
    except BaseException:
        if st.session_state[VIEW] == view:  # else a newer view is being drawn, which has fragments of its own
            storage.clear(storage.ids_registered_after(drawn_before))
        raise
