"""Messages to the browser about the address of a view, from which address.js manages the history."""

import streamlit as st

from pages.components.base.assets import component

ADDRESS = component(__file__, "address", html="<span hidden></span>")
STEP = "_step"  # a parameter that marks the address of a step: address.js adds an entry to the history, without it
BEFORE = "_before"  # in the session's state: the query that the step of this run came from
PAGE = "_page"  # in the session's state: the page that is drawn


def step_to(query: dict[str, str]) -> None:
    """Send the browser a new address of the same page, as a step of the visitor. Call it in callbacks."""
    st.session_state.setdefault(BEFORE, current_query())
    st.query_params.from_dict({**query, STEP: "1"})


def current_query() -> dict[str, str]:
    """Query of the address that the view is read from."""
    return {name: value for name, value in st.query_params.to_dict().items() if name != STEP}


def announce_page(page: str, pages: list[str]) -> None:
    """Tell the browser which page answers, before an error can end it."""
    st.session_state[PAGE] = page
    send("address_first", pages=pages, query=current_query())


def send_address(query: dict[str, str], to: str | None) -> None:
    """Send the browser the view's complete query `to`, to replace the `query` that it was read from."""
    send("address", query=query, to=to, before=st.session_state.pop(BEFORE, None))


def send(key: str, **data) -> None:
    with st.sidebar:
        ADDRESS(data={"page": st.session_state.get(PAGE), **data}, key=key)
