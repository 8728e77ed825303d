"""Controls of a trail: the space, the minimum cosine, the features per layer. Each changes the URL."""

import streamlit as st

from ne_core.atlas import Atlas
from pages.components.url import location
from pages.components.url.across_layers_view import PER, View
from pages.components.widgets.choices import space_of


def controls(atlas: Atlas, view: View) -> None:
    st.session_state["_trail_least"], st.session_state["_trail_per"] = view.bound, view.per
    space_of(
        atlas, "_trail_space", view.space, lambda space: view.to(space=space, least=None).query(atlas), titled=True
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
        "Features per layer",
        PER[0],
        PER[-1],
        key="_trail_per",
        width=150,
        on_change=location.moved("_trail_per", lambda per: view.to(per=per).query(atlas)),
    )
