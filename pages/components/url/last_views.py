"""The last view of each page in this session: the menu goes back to it."""

import streamlit as st


def remembered(page: str, name: str | None) -> dict[str, str]:
    """Where this session last was on a page of this atlas, so that coming back through the menu goes on there."""
    query = st.session_state.get("_last", {}).get(page, {})
    if name is None:
        return {}
    return query if query.get("atlas") == name else {"atlas": name}


def remember(page: str, query: dict[str, str]) -> None:
    st.session_state.setdefault("_last", {})[page] = query
