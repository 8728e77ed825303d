"""Controls of a side: its embedding and its cut. The feature that holds most of the same examples is shown then."""

from dataclasses import replace

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import space_formula
from ne_core.method.partitions import holder
from ne_core.queries.in_embedding import cut_in, reasons_unavailable
from ne_core.refs import FeatureRef
from pages.components.cached.in_embedding import embedded
from pages.components.side_by_side.feature import SideFeature
from pages.components.url import location
from pages.components.url.side_by_side_view import View


def pick_tree(atlas: Atlas, view: View, side: str, feature: SideFeature) -> None:
    """Draw the embedding and the cut of a side."""
    available = [name for name, reason in reasons_unavailable(atlas, feature.ref.of).items() if not reason]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        pick_embedding(atlas, view, side, feature, available)
        pick_cut(atlas, view, side, feature)


def pick_embedding(atlas: Atlas, view: View, side: str, feature: SideFeature, available: list[str]) -> None:
    key = f"_side_embedding_{side}"
    st.session_state[key] = feature.neuron.embedding
    st.selectbox(
        f"Embedding {side}",
        available,
        key=key,
        format_func=lambda name: space_formula(atlas.manifest, name),
        width=225,
        disabled=len(available) == 1,
        on_change=location.moved(
            key, lambda name: moved(atlas, view, side, feature, name, cut_in(atlas.manifest, name)), available
        ),
    )


def pick_cut(atlas: Atlas, view: View, side: str, feature: SideFeature) -> None:
    key, embedding = f"_side_cut_{side}", feature.neuron.embedding
    st.session_state[key] = feature.cut
    st.number_input(
        f"Cut {side}",
        0.0,
        2.0,
        step=0.01,
        format="%.4g",
        key=key,
        width=140,
        on_change=location.moved(key, lambda cut: moved(atlas, view, side, feature, embedding, round(float(cut), 4))),
    )


def moved(atlas: Atlas, view: View, side: str, feature: SideFeature, embedding: str, cut: float) -> dict[str, str]:
    """Query with another tree of a side, and the feature there with most of the examples of its present one."""
    neuron, ref = embedded(atlas, feature.ref.of, embedding), feature.ref
    number = holder(neuron.features(cut), feature.cluster.rows)
    changes = {side: FeatureRef(ref.layer, ref.neuron, number), f"embedding_{side}": embedding, f"cut_{side}": cut}
    return replace(view, **changes).query(atlas)
