"""The last view of each page in this session, to which the menu returns."""

import streamlit as st


def remembered(page: str, name: str | None) -> dict[str, str]:
    """Query of the session's last view of a page in this atlas."""
    query = st.session_state.get("_last", {}).get(page, {})
    if name is None:
        return {}
    return query if query.get("atlas") == name else {"atlas": name}


def remember(page: str, query: dict[str, str]) -> None:
    st.session_state.setdefault("_last", {})[page] = query
