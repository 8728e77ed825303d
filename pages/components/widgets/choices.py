"""Controls that several pages have, each of which moves the URL: one of some options, a space, a search."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import space_title
from pages.components.url import location
from pages.components.url.search_view import LONGEST, modes

Query = Callable[[object], dict[str, str]]
ASKS = {
    "words": "words of their examples",
    "token": "a token, such as import",
    "name": "words of their names",
    "snippet": "a piece of text as it stands, such as import numpy",
}
ASKS_OF_IMAGES = {"words": "words of the labels of their images", "token": "a label as it stands"}


def one_of(key: str, title: str, options: Sequence, text: Callable, picked: object, width: int, query: Query) -> None:
    """One of the options; without one, all."""
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
    """The spaces of the atlas; `titled` where other controls stand beside it."""
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
    """A text and how it is looked for.

    The box takes a text of any length: one with a limit drops what is longer without a word. One character more than
    is looked for goes into the address, so that what reads it says so.
    """
    titles = modes(atlas)
    st.session_state[f"{key}q"], st.session_state[f"{key}mode"] = q, mode
    left, right = st.columns([1.6, 1], vertical_alignment="bottom")
    left.text_input(
        title,
        key=f"{key}q",
        type="search",
        placeholder=(ASKS_OF_IMAGES if atlas.manifest.images else ASKS)[mode],
        icon=":material/search:",
        on_change=location.moved(f"{key}q", lambda text: to_text(str(text or "")[: LONGEST + 1])),
    )
    right.segmented_control(
        "Look for",
        list(titles),
        key=f"{key}mode",
        format_func=titles.get,
        required=True,
        on_change=location.moved(f"{key}mode", to_mode, list(titles)),
    )
