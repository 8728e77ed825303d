"""The controls of a trail: the space, how like, how many. Each moves the URL."""

import streamlit as st

from ne_core.atlas import Atlas
from pages.components import location
from pages.components.trail_location import PER, View

SPACE_TITLES = {"neuron": "Neuron embedding", "pre_mlp": "Pre-MLP embedding"}


def controls(atlas: Atlas, view: View) -> None:
    st.session_state["_trail_space"] = view.space
    st.session_state["_trail_least"], st.session_state["_trail_per"] = view.bound, view.per
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.segmented_control(
            "Space",
            atlas.manifest.spaces,
            key="_trail_space",
            format_func=lambda space: SPACE_TITLES.get(space, space),
            required=True,
            on_change=location.moved("_trail_space", lambda space: view.to(space=space, least=None).query(atlas)),
        )
        st.number_input(
            "Cosine, at least",
            0.0,
            1.0,
            step=0.05,
            key="_trail_least",
            width=150,
            on_change=location.moved("_trail_least", lambda least: view.to(least=round(least, 4)).query(atlas)),
        )
        st.number_input(
            "Features a layer",
            PER[0],
            PER[-1],
            key="_trail_per",
            width=150,
            on_change=location.moved("_trail_per", lambda per: view.to(per=per).query(atlas)),
        )
