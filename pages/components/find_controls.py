"""The controls of the search: the text, how it is looked for, among which features. Each moves the URL."""

from dataclasses import replace

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.classes import CLASSES, NAMES
from ne_core.similar import SPACES
from pages.components import location
from pages.components.features import feature_row, feature_rows
from pages.components.find_location import LARGEST, LONGEST, MODES, View

ASKS = {
    "words": "words of their examples",
    "token": "a token, such as import",
    "name": "words of their names",
    "snippet": "a piece of text as it stands, such as import numpy",
}
SPACE_TITLES = {"neuron": "Neuron embedding", "pre_mlp": "Pre-MLP embedding"}


def controls(atlas: Atlas, view: View) -> None:
    st.session_state["_q"], st.session_state["_mode"] = view.q, view.mode
    left, right = st.columns([1.6, 1], vertical_alignment="bottom")
    left.text_input(
        "Search features",
        key="_q",
        type="search",
        max_chars=LONGEST,
        placeholder=ASKS[view.mode],
        icon=":material/search:",
        on_change=location.moved("_q", lambda text: view.to(q=text, like=None).query(atlas)),
    )
    right.segmented_control(
        "Look for",
        list(MODES),
        key="_mode",
        format_func=MODES.get,
        required=True,
        on_change=location.moved("_mode", lambda picked: view.to(mode=picked, like=None).query(atlas)),
    )
    if view.asked:
        filters(atlas, view)


def filters(atlas: Atlas, view: View) -> None:
    """Among which features; they stay when the text changes."""
    among = view.among
    keys = {"layer": among.layer, "kind": among.kind, "least": among.least}
    for name, value in keys.items():
        st.session_state[f"_find_{name}"] = value

    def moved(name: str):
        def query(value: object) -> dict[str, str]:
            return view.to(among=replace(among, **{name: value})).query(atlas)

        return location.moved(f"_find_{name}", query)

    with st.container(horizontal=True, gap="small"):
        for name, title, options, text in (
            ("layer", "Layer", list(atlas.layers), str),
            ("kind", "Neuron’s class", list(CLASSES[1:]), NAMES.get),
        ):
            st.selectbox(
                title,
                options,
                index=None,
                key=f"_find_{name}",
                format_func=text,
                placeholder="All",
                width=160,
                on_change=moved(name),
            )
        st.number_input(
            "Examples, at least",
            min_value=1,
            max_value=LARGEST,
            key="_find_least",
            width=160,
            on_change=moved("least"),
        )


def heading(atlas: Atlas, view: View) -> None:
    """What the hits are like, where it is a feature and no text: that feature, and in which space."""
    if view.like is None:
        return
    st.subheader("More like this feature", anchor=False)
    row = feature_row(atlas, atlas.feature_id(view.like), named=True)
    feature_rows([row], of=atlas, name="like", label="The feature", shown=1)
    st.session_state["_find_space"] = view.space
    st.segmented_control(
        "Space",
        atlas.manifest.spaces,
        key="_find_space",
        format_func=lambda space: SPACE_TITLES.get(space, space),
        required=True,
        label_visibility="collapsed",
        on_change=location.moved("_find_space", lambda space: view.to(space=space).query(atlas)),
    )
    st.caption(f"Nearest by cosine between central examples, as {SPACES.get(view.space, view.space)}.")
