"""The title of the browser's tab: the view, then the atlas, so that many open tabs can be distinguished."""

import streamlit as st

from ne_core.text.token_text import visible

APP = "Neuron embeddings"
LONGEST = 80  # characters of one part: a tab shows some twenty, the list of open tabs more


def tab(*parts: str | None) -> None:
    """Set the title of the tab, such as “Ranking · demo”: plain text, with invisible characters made visible."""
    st.set_page_config(page_title=title(*parts))


def title(*parts: str | None) -> str:
    return " · ".join(cut_short(visible(part)) for part in parts if part) or APP


def cut_short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
