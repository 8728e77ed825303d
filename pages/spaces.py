"""Page “Spaces”: one neuron in two spaces (the paper's Figure 4), with trees, planes and measures; then all neurons."""

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
from pages.components.spaces.summary import caption, caption_help, measures_table
from pages.components.spaces.whole_atlas import show_whole
from pages.components.url import location
from pages.components.url.links import atlas_query
from pages.components.url.spaces_view import View
from pages.components.url.tab import tab
from pages.components.widgets.picker import controls

ensure_router()
NO_INPUTS = (
    "This atlas does not store the inputs of its examples, which embeddings are computed from. Build it with "
    "`--inputs yes`, or fetch it with `--inputs` if its source has them."
)


def reason_unavailable(atlas: Atlas, neuron: Neuron) -> str | None:
    """Reason why the neuron cannot be compared; None if it can."""
    words, n = atlas.manifest.vocabulary, len(neuron)
    if not n:
        dead = f"This {words.unit} is dead: no {words.token} activates it above its threshold"
        return f"{dead}, so there is nothing to compare."
    if not atlas.manifest.inputs:
        return NO_INPUTS
    if n == 1:
        return f"This {words.unit} has one example, so there is nothing to compare."
    if n > MOST:
        return f"This {words.unit} has {n:,} examples; spaces can be compared for up to {MOST:,}."
    return None


def head(atlas: Atlas, view: View, embedded: SpacePair | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            page_file("neuron"),
            label=f"This {atlas.manifest.vocabulary.unit}’s features",
            icon=PAGES["neuron"][1],
            query_params=atlas_query(atlas, view.neuron.query()),
        )
        spaces_menu(atlas, view, embedded)


def show_neuron(atlas: Atlas, neuron: Neuron, view: View, embedded: SpacePair) -> None:
    spaces_picture(atlas, neuron, view, embedded)
    if view.example is not None:
        show_example(atlas, neuron, view)
    measures = {
        side: separation(space.cosines, embedded.clusters) for side, space in zip("ab", embedded.spaces, strict=True)
    }
    st.markdown(measures_table(atlas, view, measures))
    st.caption(caption(atlas, view, len(neuron), embedded.n_clusters), help=caption_help(atlas))


atlas = open_page("spaces")
request = location.read(atlas.slug)
view = View.read(request, atlas)
query = view.query(atlas)
location.settle(request, query)
tab(f"{ref_name(atlas.manifest, view.neuron)} in two spaces", atlas.slug)
st.title(markdown(f"{unit_title(atlas.manifest, view.neuron)} in two spaces"), anchor=False)
request.show_problems()
controls(atlas, view)
neuron = atlas.neuron(view.neuron)
if reason := reason_unavailable(atlas, neuron):
    head(atlas, view, None)
    st.info(reason, icon=":material/info:")
else:
    pick_spaces(atlas, view)
    embedded = space_pair(atlas, neuron, view)
    head(atlas, view, embedded)
    show_neuron(atlas, neuron, view, embedded)
show_whole(atlas, view)
