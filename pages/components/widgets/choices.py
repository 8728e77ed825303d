"""Controls of several pages, each of which changes the URL: one of some options, a space, a search."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import space_title
from pages.components.url import location
from pages.components.url.search_view import LONGEST, modes

Query = Callable[[object], dict[str, str]]
PLACEHOLDERS = {
    "words": "words of the examples",
    "token": "a token, such as import",
    "name": "words of the names",
    "snippet": "a literal piece of text, such as import numpy",
}
PLACEHOLDERS_OF_IMAGES = {"words": "words of the labels", "token": "a complete label"}


def one_of(key: str, title: str, options: Sequence, text: Callable, picked: object, width: int, query: Query) -> None:
    """Draw a select box of the options; no selection means all."""
    st.session_state[key] = picked
    st.selectbox(
        title,
        options,
        index=None,
        key=key,
        format_func=text,
        placeholder="All",
        width=width,
        on_change=location.moved(key, query, [*options, None]),
    )


def space_of(atlas: Atlas, key: str, space: str, query: Query, titled: bool = False) -> None:
    """Draw the choice of a space of the atlas; `titled` shows its label, for use beside other controls."""
    st.session_state[key] = space
    st.segmented_control(
        "Space",
        atlas.manifest.spaces,
        key=key,
        format_func=partial(space_title, atlas.manifest),
        required=True,
        label_visibility="visible" if titled else "collapsed",
        on_change=location.moved(key, query, atlas.manifest.spaces),
    )


def search_box(atlas: Atlas, key: str, title: str, q: str, mode: str, to_text: Query, to_mode: Query) -> None:
    """Draw the box for a search text and the choice of its mode.

    The box accepts a text of any length, because one with a limit would truncate it silently. The address gets one
    character more than the search uses, so that the page reports the excess.
    """
    titles = modes(atlas)
    st.session_state[f"{key}q"], st.session_state[f"{key}mode"] = q, mode
    left, right = st.columns([1.6, 1], vertical_alignment="bottom")
    left.text_input(
        title,
        key=f"{key}q",
        type="search",
        placeholder=(PLACEHOLDERS_OF_IMAGES if atlas.manifest.images else PLACEHOLDERS)[mode],
        icon=":material/search:",
        on_change=location.moved(f"{key}q", lambda text: to_text(str(text or "")[: LONGEST + 1])),
    )
    right.segmented_control(
        "Search by",
        list(titles),
        key=f"{key}mode",
        format_func=titles.get,
        required=True,
        on_change=location.moved(f"{key}mode", to_mode, list(titles)),
    )
