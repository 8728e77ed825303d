"""Patches of Streamlit, all of them, for the version that is pinned.

| patch | upstream |
|---|---|
| `disable_ip_lookup` | https://github.com/streamlit/streamlit/issues/7721 |
| `set_tcp_nodelay` | none known; the same fault in uvicorn: https://github.com/Kludex/uvicorn/issues/3149 |
| `drop_late_requests` | https://github.com/streamlit/streamlit/issues/9921 is about the same moment |
| `fragments_of_this_view` | none known |

Each has a test of Streamlit by itself, in tests/serving/test_streamlit_patches.py or test_late_requests.py: when that
fails, the patch is no longer needed.
"""

import gc
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, wraps

import streamlit as st
from streamlit import net_util
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import get_script_run_ctx

VERSION = "1.67.0"
PAGE = "_ne_page"  # of a session: the page that was asked for last, by Streamlit's hash; "" for one asked for by name
VIEW = "_view"  # in the session's state: the number of the view that was begun last


@cache
def patch_streamlit() -> None:
    """All patches of the server, once in a process."""
    disable_ip_lookup()
    set_tcp_nodelay()
    drop_late_requests()


def disable_ip_lookup() -> None:
    """Answer nothing where Streamlit looks up this machine's address on the internet.

    To decide whether a page of another site may open a websocket it asks a server of Amazon's, and while it waits, a
    second and more, no visitor is served. A page has its own address in the Host header, which is compared first; other
    sites that may connect are named by `server.corsAllowedOrigins`.
    """
    net_util.get_external_ip = net_util.get_internal_ip = no_address


def no_address() -> None:
    """An address that no site has."""


def set_tcp_nodelay() -> None:
    """Set TCP_NODELAY on the server's sockets, on those of connections there are and, by inheritance, those to come.

    Streamlit makes its listening socket without naming the protocol, and asyncio then leaves Nagle's algorithm on: a
    small message waits until the browser has acknowledged the one before, 40 ms in every view.
    """
    for each in gc.get_objects():
        if type(each) is socket.socket and is_tcp(each):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def is_tcp(each: socket.socket) -> bool:
    known = each.family in (socket.AF_INET, socket.AF_INET6) and each.type == socket.SOCK_STREAM
    return known and each.fileno() >= 0


def drop_late_requests() -> None:
    """Drop a request of a fragment whose page has been left before it does anything.

    Streamlit keeps the fragments of a page until the next one has run to its end. What a browser sent just before it
    heard of the next page is accepted meanwhile, and run afterwards as a run of the old page: it clears the new page's
    widgets, empties the screen, and finds no fragment to draw. If it comes before the new page's run has begun, both
    become one run, of the old page.
    """
    rerun = AppSession.request_rerun

    @wraps(rerun)
    def request_rerun(session: AppSession, client_state: ClientState | None) -> None:
        if not late(session, client_state):
            rerun(session, client_state)

    AppSession.request_rerun = request_rerun


def late(session: AppSession, client_state: ClientState | None) -> bool:
    """Whether it asks for a fragment of another page than the one asked for last, which is noted here."""
    if client_state is None:
        return False
    page = getattr(session, PAGE, "")
    if client_state.fragment_id:
        return page not in ("", client_state.page_script_hash)
    setattr(session, PAGE, client_state.page_script_hash)
    return False


@contextmanager
def fragments_of_this_view() -> Iterator[None]:
    """Draw a view; if that ends early, forget the fragments that it has not drawn.

    Streamlit forgets the fragments of the page before only when a script runs to its end. A page that ends early, by
    `st.stop` as where a search asks for nothing, leaves them alive, and a late request then draws one of them where the
    new page has other blocks, or none: a white page.
    """
    storage = get_script_run_ctx().fragment_storage
    drawn_before = storage.registration_sequence()
    view = st.session_state[VIEW] = st.session_state.get(VIEW, 0) + 1
    try:
        yield
    except BaseException:
        if st.session_state[VIEW] == view:  # else a newer view is being drawn, which has fragments of its own
            storage.clear(storage.ids_registered_after(drawn_before))
        raise
