"""The title of the browser's tab: what is shown, then the atlas, so that twenty tabs can be told apart."""

import streamlit as st

from ne_core.text.token_text import visible

APP = "Neuron embeddings"
LONGEST = 80  # characters of one part: a tab shows some twenty, the list of open tabs more


def tab(*parts: str | None) -> None:
    """Name the tab, “Ranking · demo”. It is plain text; signs that do not show are replaced by some that do."""
    st.set_page_config(page_title=title(*parts))


def title(*parts: str | None) -> str:
    return " · ".join(cut_short(visible(part)) for part in parts if part) or APP


def cut_short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
