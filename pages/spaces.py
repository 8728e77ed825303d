"""One neuron in two spaces (the paper's Figure 4): trees, planes and measures of the same clusters; then of all."""

import streamlit as st

from ne_core.atlas import Atlas, Neuron
from ne_core.atlas.names import ref_name, unit_title
from ne_core.method.comparison import MOST
from ne_core.method.separation import separation
from pages.components.base.escape import markdown
from pages.components.shell.frame import open_page
from pages.components.shell.nav import PAGES, ensure_router, page_file
from pages.components.spaces.controls import pick_spaces
from pages.components.spaces.embedded import SpacePair, space_pair
from pages.components.spaces.example import show_example
from pages.components.spaces.export_spaces import spaces_menu
from pages.components.spaces.picture import spaces_picture
from pages.components.spaces.summary import caption, measures_table
from pages.components.spaces.whole_atlas import show_whole
from pages.components.url import location
from pages.components.url.links import atlas_query
from pages.components.url.spaces_view import View
from pages.components.url.tab import tab
from pages.components.widgets.picker import controls

ensure_router()
WITHOUT = (
    "This atlas holds no inputs of its examples, and embeddings are made of these. Build it with `--inputs yes`, or "
    "fetch it with `--inputs` if its source has them."
)


def why_not(atlas: Atlas, neuron: Neuron) -> str | None:
    """Why a neuron is not compared; None where it can be."""
    words, n = atlas.manifest.vocabulary, len(neuron)
    if not n:
        dead = f"This {words.unit} is dead: no {words.token} activates it above its threshold"
        return f"{dead}, so there is nothing to compare."
    if not atlas.manifest.inputs:
        return WITHOUT
    if n == 1:
        return f"This {words.unit} has one example: there is nothing to compare."
    if n > MOST:
        return f"This {words.unit} has {n:,} examples; spaces are compared for up to {MOST:,}, while you wait."
    return None


def head(atlas: Atlas, view: View, pair: SpacePair | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            page_file("neuron"),
            label=f"This {atlas.manifest.vocabulary.unit}’s features",
            icon=PAGES["neuron"][1],
            query_params=atlas_query(atlas, view.neuron.query()),
        )
        spaces_menu(atlas, view, pair)


def show_neuron(atlas: Atlas, neuron: Neuron, view: View, pair: SpacePair) -> None:
    spaces_picture(atlas, neuron, view, pair)
    if view.example is not None:
        show_example(atlas, neuron, view)
    found = {of: separation(space.cosines, pair.clusters) for of, space in zip("ab", pair.spaces, strict=True)}
    st.markdown(measures_table(atlas, view, found))
    st.caption(caption(atlas, view, len(neuron), pair.n_clusters))


atlas = open_page("spaces")
at = location.read(atlas.slug)
view = View.read(at, atlas)
query = view.query(atlas)
location.settle(at, query)
tab(f"{ref_name(atlas.manifest, view.neuron)} in two spaces", atlas.slug)
st.title(markdown(f"{unit_title(atlas.manifest, view.neuron)} in two spaces"), anchor=False)
at.show_problems()
controls(atlas, view)
neuron = atlas.neuron(view.neuron)
if reason := why_not(atlas, neuron):
    head(atlas, view, None)
    st.info(reason, icon=":material/info:")
else:
    pick_spaces(atlas, view)
    pair = space_pair(atlas, neuron, view)
    head(atlas, view, pair)
    show_neuron(atlas, neuron, view, pair)
show_whole(atlas, view)
