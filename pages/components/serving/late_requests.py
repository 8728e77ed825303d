"""A request of a fragment whose page has been left is dropped before it does anything.

Streamlit 1.67 keeps the fragments of a page until the next one has run to its end. What a browser sent just before it
heard of the next page is accepted meanwhile, and run afterwards as a run of the old page: it clears the new page's
widgets, empties the screen, and finds no fragment to draw. If it comes before the new page's run has begun, both become
one run, of the old page. Upstream: https://github.com/streamlit/streamlit/issues/9921 is about the same moment.
tests/serving/test_late_requests.py fails when Streamlit no longer needs this.
"""

from functools import wraps

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession

PAGE = "_ne_page"  # of a session: the page that was asked for last, by Streamlit's hash; "" for one asked for by name


def drop_late_requests() -> None:
    """Patch Streamlit, once in a process."""
    if hasattr(AppSession.request_rerun, "__wrapped__"):
        return
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
