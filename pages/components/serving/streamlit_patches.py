"""All patches of Streamlit, for the pinned version.

| patch | upstream |
|---|---|
| `disable_ip_lookup` | https://github.com/streamlit/streamlit/issues/7721 |
| `set_tcp_nodelay` | none known; the same fault in uvicorn: https://github.com/Kludex/uvicorn/issues/3149 |
| `drop_late_requests` | https://github.com/streamlit/streamlit/issues/9921 is about the same moment |
| `fragments_of_this_view` | none known |

Each has a test of unpatched Streamlit, in tests/serving/test_streamlit_patches.py or test_late_requests.py: when that
test fails, the patch is no longer needed.
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
PAGE = "_ne_page"  # attribute of a session: the page requested last, by Streamlit's hash; "" for one requested by name
VIEW = "_view"  # in the session's state: the number of the view that was started last


@cache
def patch_streamlit() -> None:
    """Apply all patches of the server, once per process."""
    disable_ip_lookup()
    set_tcp_nodelay()
    drop_late_requests()


def disable_ip_lookup() -> None:
    """Disable the lookup of this machine's external address.

    To decide whether a page of another site may open a websocket, Streamlit queries a server of Amazon, and no visitor
    is served while it waits, a second or more. The explorer's own address is in the Host header, which is compared
    first; other sites that may connect are listed in `server.corsAllowedOrigins`.
    """
    net_util.get_external_ip = net_util.get_internal_ip = no_address


def no_address() -> None:
    """Return None, which matches no site."""


def set_tcp_nodelay() -> None:
    """Set TCP_NODELAY on the server's open sockets; later connections inherit it from the listening socket.

    Streamlit creates its listening socket without naming the protocol, and asyncio then leaves Nagle's algorithm on: a
    small message waits until the browser has acknowledged the previous one, 40 ms in every view.
    """
    for each in gc.get_objects():
        if type(each) is socket.socket and is_tcp(each):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def is_tcp(each: socket.socket) -> bool:
    is_stream = each.family in (socket.AF_INET, socket.AF_INET6) and each.type == socket.SOCK_STREAM
    return is_stream and each.fileno() >= 0


def drop_late_requests() -> None:
    """Drop requests of fragments whose page has been left.

    Streamlit keeps the fragments of a page until the next page has run to its end. A request that the browser sent
    just before it received the next page is accepted in the meantime and run afterwards as a run of the old page: it
    clears the new page's widgets, empties the screen, and finds no fragment to draw. If it arrives before the new
    page's run has started, both become one run, of the old page.
    """
    rerun = AppSession.request_rerun

    @wraps(rerun)
    def request_rerun(session: AppSession, client_state: ClientState | None) -> None:
        if not late(session, client_state):
            rerun(session, client_state)

    AppSession.request_rerun = request_rerun


def late(session: AppSession, client_state: ClientState | None) -> bool:
    """Return whether a request is for a fragment of another page than the page requested last; record that page."""
    if client_state is None:
        return False
    page = getattr(session, PAGE, "")
    if client_state.fragment_id:
        return page not in ("", client_state.page_script_hash)
    setattr(session, PAGE, client_state.page_script_hash)
    return False


@contextmanager
def fragments_of_this_view() -> Iterator[None]:
    """Draw a view; if it ends early, remove the fragments of earlier views.

    Streamlit removes the fragments of the previous page only when a script runs to its end. A page that ends early, by
    `st.stop` (an empty search, for example), leaves them registered, and a late request then draws one of them where
    the new page has other blocks, or none: a white page.
    """
    storage = get_script_run_ctx().fragment_storage
    drawn_before = storage.registration_sequence()
    view = st.session_state[VIEW] = st.session_state.get(VIEW, 0) + 1
    try:
        yield
    except BaseException:
        if st.session_state[VIEW] == view:  # otherwise a newer view, with fragments of its own, is being drawn
            storage.clear(storage.ids_registered_after(drawn_before))
        raise
