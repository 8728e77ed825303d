"""Page “Overview”: one neuron, drawn, and the ways on; below, folded, what the atlas is and how its layers differ."""

import streamlit as st

from ne_core.atlas import Atlas
from pages.components.base.escape import markdown
from pages.components.cached.starts import FirstLook, first_look
from pages.components.overview.class_groups import show_classes
from pages.components.overview.drawn_neuron import drawn_neuron
from pages.components.overview.layers import show_layers
from pages.components.overview.picks import cards, rule, rule_in_short
from pages.components.overview.ways import ways_on
from pages.components.shell.frame import open_page
from pages.components.shell.nav import ensure_router
from pages.components.shell.settings import counts, settings
from pages.components.url import location
from pages.components.url.overview_view import View
from pages.components.widgets import export
from pages.components.widgets.chips import Chip, chips
from pages.components.widgets.export_tables import layers_table

ensure_router()


def show_head(atlas: Atlas) -> None:
    words = atlas.manifest.vocabulary
    st.title(f"What {words.units} of {markdown(atlas.manifest.name)} respond to", anchor=False)
    st.markdown(
        f"An atlas of one {words.model}. Every {words.unit}’s activating examples were split into **features**: "
        f"clusters of examples that activate the {words.unit} for the same reason."
    )


def show_first(atlas: Atlas, view: View, look: FirstLook) -> None:
    """Show the drawn neuron, and the link that draws the next one."""
    drawn_neuron(atlas, look.picks[view.start])
    if len(look.picks) > 1:
        chips([Chip("Another", view.another(len(look.picks)).href(atlas))], name="another", label="Draw another one")


def show_picks(atlas: Atlas, view: View, look: FirstLook) -> None:
    """Show the other picks as cards, and the rule of all of them, in full behind its question mark."""
    others = [pick for i, pick in enumerate(look.picks) if i != view.start]
    if others:
        st.subheader("More to start with", anchor=False)
        cards(atlas, others)
    st.caption(markdown(rule_in_short(atlas, look)), help=markdown(rule(atlas, look)))


def show_atlas(atlas: Atlas) -> list[export.Page]:
    """Show what the atlas is, folded, and return its figures for the export."""
    words = atlas.manifest.vocabulary
    with st.expander(f"{words.Units} of each class"):
        show_classes(atlas)
    with st.expander("How the layers differ"):
        pages = show_layers(atlas)
    with st.expander("How the atlas was built"):
        st.html(counts(atlas))
        st.html(settings(atlas.manifest))
    return pages


atlas = open_page("overview")
request = location.read(atlas.slug)
view = View.read(request, atlas)
query = view.query(atlas)
location.settle(request, query)
show_head(atlas)
request.show_problems()
look = first_look(atlas)
if look.picks:
    show_first(atlas, view, look)
else:
    st.markdown(f"No {atlas.manifest.vocabulary.unit} of this atlas has activating examples.")
ways_on(atlas)
if look.picks:
    show_picks(atlas, view, look)
pages = show_atlas(atlas)
export.menu(atlas, query, "overview", tables=[layers_table(atlas)], pages=pages)
