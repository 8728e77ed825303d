"""Limit on the number of sessions. A visitor beyond it sees a notice, and is admitted when a session ends.

Every session holds memory for as long as its tab is open; too many of them would end the process for everybody.
"""

import os
import re
import threading

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ne_core.errors import AtlasError

DEFAULT_LIMIT = 200  # a host of 1 GB serves as many
RETRY_S = 10
inside: set[str] = set()  # admitted sessions; ended ones are removed when the limit is reached
lock = threading.Lock()


def limit() -> int:
    """NE_MOST_SESSIONS, or DEFAULT_LIMIT."""
    value = os.environ.get("NE_MOST_SESSIONS", str(DEFAULT_LIMIT))
    if not re.fullmatch("[1-9][0-9]{0,5}", value):
        raise AtlasError(f"NE_MOST_SESSIONS={value[:40]}: the limit of sessions is a whole number from 1 to 999999")
    return int(value)


def admitted() -> bool:
    """Admit this session if there is room; return whether it is admitted. Admitted sessions stay admitted."""
    session, n_max = get_script_run_ctx().session_id, limit()
    with lock:
        if session not in inside and len(inside) >= n_max:
            inside.intersection_update([each for each in inside if active(each)])
        if session in inside or len(inside) < n_max:
            inside.add(session)
        return session in inside


def active(session: str) -> bool:
    """Return whether the session's browser is still connected."""
    return runtime.get_instance().is_active_session(session)


@st.fragment(run_every=RETRY_S)
def full() -> None:
    """Notice for visitors beyond the limit; it reruns the page once there is room."""
    if admitted():
        st.rerun()
    visitors = f"{limit():,} visitors are" if limit() > 1 else "1 visitor is"
    st.info(
        f"**The explorer is full.** {visitors} connected, the most that it admits. This page tries again every "
        f"{RETRY_S} seconds.",
        icon=":material/hourglass_top:",
    )
    st.button("Try again")
