"""Controls of the page Spaces: the two spaces, the clusters, and the measure for the whole atlas."""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.method.comparison import BY, EACH
from ne_core.method.embeddings import EMBEDDINGS
from ne_core.method.separation import MEASURES
from pages.components.spaces.summary import TITLES, clusters_title, short_title, space_title
from pages.components.url import location
from pages.components.url.spaces_view import CLUSTERS, View


def pick_spaces(atlas: Atlas, view: View) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        for side, other in (("a", "b"), ("b", "a")):
            key, spaces = f"_spaces_{side}", [name for name in EMBEDDINGS if name != getattr(view, other)]
            st.session_state[key] = getattr(view, side)
            st.selectbox(
                f"Space {side}",
                spaces,
                key=key,
                format_func=lambda name: space_title(atlas, name),
                width=245,
                on_change=location.moved(key, lambda name, side=side: view.to(**{side: name}).query(atlas), spaces),
            )
        st.button(
            "Swap", key="_swap", icon=":material/swap_horiz:", on_click=location.go, args=(view.swapped.query(atlas),)
        )
        st.session_state["_spaces_clusters"] = view.clusters
        st.selectbox(
            "Clusters",
            CLUSTERS,
            key="_spaces_clusters",
            format_func=lambda name: clusters_title(atlas, name),
            width=235,
            on_change=location.moved("_spaces_clusters", lambda name: view.to(clusters=name).query(atlas), CLUSTERS),
        )


def pick_measure(atlas: Atlas, view: View) -> None:
    titles = {EACH: "Each space"} | {name: short_title(atlas, name) for name in BY if name != EACH}
    st.session_state["_spaces_measure"], st.session_state["_spaces_by"] = view.measure, view.by
    with st.container(horizontal=True, gap="small"):
        st.selectbox(
            "Measure",
            MEASURES,
            key="_spaces_measure",
            format_func=TITLES.get,
            width=245,
            on_change=location.moved("_spaces_measure", lambda name: view.to(measure=name).query(atlas), MEASURES),
        )
        st.selectbox(
            "Clusters of",
            BY,
            key="_spaces_by",
            format_func=titles.get,
            width=245,
            on_change=location.moved("_spaces_by", lambda name: view.to(by=name).query(atlas), BY),
        )
