"""What the browser is told about the address of the view it gets: address.js keeps the history by it."""

import streamlit as st

from pages.components.base.assets import component

ADDRESS = component(__file__, "address", html="<span hidden></span>")
STEP = "_step"  # a parameter that marks the address of a step: address.js adds an entry to the history, without it
BEFORE = "_before"  # in the session's state: the query that the step of this run came from
PAGE = "_page"  # in the session's state: the page that is drawn


def step_to(query: dict[str, str]) -> None:
    """Send the browser a new address of the same page, as a step of the visitor. For callbacks."""
    st.session_state.setdefault(BEFORE, asked())
    st.query_params.from_dict({**query, STEP: "1"})


def asked() -> dict[str, str]:
    """The query of the address that the view is read from."""
    return {name: value for name, value in st.query_params.to_dict().items() if name != STEP}


def answer(page: str, pages: list[str]) -> None:
    """Tell the browser which page answers it, before anything can go wrong there."""
    st.session_state[PAGE] = page
    send("address_first", pages=pages, asked=asked())


def settled(query: dict[str, str], to: str | None) -> None:
    """Tell it the view's own address `to`, in full, in place of the `query` that it was read from."""
    send("address", asked=query, to=to, before=st.session_state.pop(BEFORE, None))


def send(key: str, **data) -> None:
    with st.sidebar:
        ADDRESS(data={"page": st.session_state.get(PAGE), **data}, key=key)
