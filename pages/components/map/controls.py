"""Controls of the map: a search that highlights its results, the colours, the filters. Each changes the URL."""

from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st
from jaxtyping import Bool

from ne_core.atlas import Atlas
from ne_core.atlas.names import layer_mark, ref_name
from ne_core.method.classes import CLASSES, NAMES
from pages.components.base.escape import markdown
from pages.components.map.export_map import map_menu
from pages.components.map.search_message import show_no_firing, show_search
from pages.components.shell.nav import page_file
from pages.components.text.labels import label
from pages.components.url import links, location
from pages.components.url.map_view import COLOURS, View
from pages.components.widgets.choices import one_of, search_box

Flags = Bool[np.ndarray, " n"]


def controls(atlas: Atlas, view: View, drawn: Flags, lit: Flags | None, n_mentions: int | None) -> None:
    """Draw all controls; `n_mentions` is None unless a search for a token found no feature that fires on it."""
    search(atlas, view)
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        st.session_state["_map_colour"] = view.colour
        st.segmented_control(
            "Colour",
            list(COLOURS),
            key="_map_colour",
            format_func=COLOURS.get,
            required=True,
            on_change=location.moved("_map_colour", lambda colour: view.to(colour=colour).query(atlas), list(COLOURS)),
        )
        pick_filter(atlas, view, "layer", "Layer", list(atlas.layers), partial(layer_mark, atlas.manifest))
        pick_filter(atlas, view, "kind", f"{atlas.manifest.vocabulary.Unit}’s class", list(CLASSES[1:]), NAMES.get)
        n_drawn = int(drawn.sum())
        of_all = f" of {len(drawn):,}" if n_drawn < len(drawn) else ""
        st.markdown(f"**{n_drawn:,}{of_all} features**", width="content")
        map_menu(atlas, view, drawn, lit)
    if lit is not None:
        show_search(atlas, view, int((lit & drawn).sum()), n_drawn)
    if n_mentions is not None:
        show_no_firing(atlas, view, n_mentions)
    if view.show is not None:
        show_ring(atlas, view)


def search(atlas: Atlas, view: View) -> None:
    search_box(
        atlas,
        "_map_",
        "Highlight features",
        view.search.q,
        view.search.mode,
        lambda text: view.searching(q=text, like=None).query(atlas),
        lambda mode: view.searching(mode=mode, like=None).query(atlas),
    )


def pick_filter(atlas: Atlas, view: View, name: str, title: str, options: list, text) -> None:
    """Show a menu of the options; without a choice, all features are drawn."""
    among = view.search.among
    one_of(
        f"_map_{name}",
        title,
        options,
        text,
        getattr(among, name),
        165,
        lambda picked: view.searching(among=replace(among, **{name: picked})).query(atlas),
    )


def show_ring(atlas: Atlas, view: View) -> None:
    """Name the feature marked with the ring."""
    name = f"{ref_name(atlas.manifest, view.show)} {label(atlas, atlas.feature_id(view.show))}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"The ring marks {markdown(name)}.", width="content")
        st.page_link(page_file("neuron"), label="Open it", query_params=links.atlas_query(atlas, view.show.query()))
        st.button("Remove the ring", on_click=location.go, args=(view.to(show=None).query(atlas),), key="_map_ring")
