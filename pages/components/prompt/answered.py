"""A section of the page whose content is an answer of the live model."""

from collections.abc import Callable

import streamlit as st

from ne_core.live.answers import Answer, Refused
from pages.components.base.escape import markdown


def show_answer(answer: Answer | None, draw: Callable[[], None]) -> None:
    """Draw the answer, or say in one line why there is none; nothing while it is waited for."""
    if isinstance(answer, Refused):
        st.info(markdown(answer.message))
    elif answer is not None:
        draw()
