"""How many people can be here at a time. Who comes when there is no room is told so, and let in when there is.

Every visitor's session holds memory for as long as their tab is open, so a machine has room for so many; one more than
that would end the process for everybody.
"""

import os
import re
import threading

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ne_core.errors import AtlasError

MOST = 200
AGAIN_S = 10
inside: set[str] = set()  # sessions; of those that have ended, until the room is needed
lock = threading.Lock()


def most() -> int:
    """NE_MOST_SESSIONS, or as many as a host of 1 GB bears."""
    asked = os.environ.get("NE_MOST_SESSIONS", str(MOST))
    if not re.fullmatch("[1-9][0-9]{0,5}", asked):
        raise AtlasError(f"NE_MOST_SESSIONS={asked[:40]}: how many visitors there can be, a whole number from 1 on")
    return int(asked)


def admitted() -> bool:
    """Whether this session is inside, where it stays once it is."""
    session, room = get_script_run_ctx().session_id, most()
    with lock:
        if session not in inside and len(inside) >= room:
            inside.intersection_update([each for each in inside if active(each)])
        if session in inside or len(inside) < room:
            inside.add(session)
        return session in inside


def active(session: str) -> bool:
    """Whether its browser is still connected."""
    return runtime.get_instance().is_active_session(session)


@st.fragment(run_every=AGAIN_S)
def full() -> None:
    """What stands outside: it looks by itself whether there is room."""
    if admitted():
        st.rerun()
    here = f"{most():,} visitors are here" if most() > 1 else "1 visitor is here"
    st.info(
        f"**The explorer is full.** {here}, as many as there is room for. This page tries again by itself, every "
        f"{AGAIN_S} seconds.",
        icon=":material/hourglass_top:",
    )
    st.button("Try again")
