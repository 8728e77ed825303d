"""Page “Across layers”: the features similar to one feature, layer by layer, and the links between them."""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import embeddings_formula, layer_mark
from ne_core.errors import AtlasError
from ne_core.method.comparable import STAY_BELOW
from ne_core.numbers import fixed
from ne_core.queries.comparable_text import RULE
from ne_core.queries.trail import Trail
from pages.components.across_layers.candidates import trail_of, worth_following
from pages.components.across_layers.controls import controls
from pages.components.across_layers.export_trail import trail_menu
from pages.components.across_layers.summary import links_of, sentences
from pages.components.across_layers.trail_graph import trail_graph
from pages.components.base.escape import markdown
from pages.components.cached.comparable import pairs_table
from pages.components.shell.frame import open_page
from pages.components.shell.nav import ensure_router, page_file, pages_of
from pages.components.text.labels import label
from pages.components.url import location
from pages.components.url.across_layers_view import View, trail_href
from pages.components.url.links import atlas_query, in_space, neuron_href
from pages.components.url.tab import tab
from pages.components.widgets.chips import Chip, chips
from pages.components.widgets.features import feature_row, feature_rows

ensure_router()


def nothing_to_follow(atlas: Atlas) -> None:
    st.title("Across layers", anchor=False)
    unit = atlas.manifest.vocabulary.unit
    st.info(f"No {unit} of this atlas has a feature, so there is nothing to follow.", icon=":material/bedtime:")
    st.stop()


def show_start(atlas: Atlas, view: View) -> None:
    href = neuron_href(atlas, view.seed, **in_space(atlas, view.space))
    row = feature_row(atlas, atlas.feature_id(view.seed), named=True, href=href)
    feature_rows([row], atlas=atlas, name="seed", label="The feature that the trail starts from", n_visible=1)


def show_graph(atlas: Atlas, view: View, trail: Trail) -> None:
    st.markdown("\n".join(f"- {markdown(line)}" for line in sentences(atlas, trail, view.seed.layer)))
    show_pairs(atlas, view)
    if len(trail.ids) == 1:
        st.caption("Lower the minimum cosine, or choose another space.")
        return
    trail_graph(atlas, view, trail)
    st.caption(
        "Each column: the features of a layer that are most similar to the start (outlined); lines join similar ones. "
        "Click one to open it; ↦ follows its trail.",
        help=reading_help(atlas, view),
    )


def reading_help(atlas: Atlas, view: View) -> str:
    """Details of the graph."""
    embeddings, unit = embeddings_formula(atlas.manifest, view.space), atlas.manifest.vocabulary.unit
    return (
        f"At most {view.per} features of a layer, with their cosine to the start, at least {view.bound:g}, computed "
        f"from {embeddings} of central examples; other features of the start’s {unit} are left out. A line joins "
        f"features of successive layers with a cosine of at least {view.bound:g}; stronger lines have higher cosines. "
        "A feature **splits** when the features joined to it in the next layer form groups that are not similar by "
        "the same rule, and **merges** when those in the previous layer do. Splits and merges are reported only "
        "between layers that can be compared. Layers that cannot be compared with the start’s show no features."
    )


def show_pairs(atlas: Atlas, view: View) -> None:
    """Show how comparable every two layers are."""
    if len(atlas.layers) == 1:
        return
    with st.expander("Which layers can be compared"):
        st.markdown(pairs_table(atlas, view.space))
        st.caption(
            "Share of the features of the row’s layer that find a better match in the column’s layer than "
            f"{STAY_BELOW:.0%} of random features do. {RULE} **Bold**: these two layers can be compared."
        )


def show_list(atlas: Atlas, view: View, trail: Trail) -> None:
    """List every node of the trail with its central example."""
    for layer in trail.layers:
        st.subheader(f"Layer {layer}", anchor=False)
        rows = [node_row(atlas, view, trail, node) for node in trail.nodes_of(layer)]
        feature_rows(rows, atlas=atlas, name=f"layer_{layer}", label=f"Features of layer {layer}", n_visible=len(rows))


def node_row(atlas: Atlas, view: View, trail: Trail, node: int) -> dict:
    id = int(trail.ids[node])
    ref, cosine = atlas.feature_ref(id), float(trail.cosine[node])
    href = neuron_href(atlas, ref, **in_space(atlas, view.space))
    if ref == view.seed:
        return feature_row(atlas, id, named=True, meta="the start", why=links_of(trail, node), current=True, href=href)
    also = [("Trail from here", view.to(seed=ref).href(atlas))]
    details = {"meta": fixed(cosine), "share": max(0.0, cosine), "also": also, "href": href}
    return feature_row(atlas, id, named=True, why=links_of(trail, node), **details)


def show_others(atlas: Atlas, view: View, refs: list) -> None:
    st.caption("Other features with similar ones in many layers:")
    links = [Chip(str(label(atlas, atlas.feature_id(ref))), trail_href(atlas, ref), ref == view.seed) for ref in refs]
    chips(links, name="starts", label="Trails worth following")


def no_trails(atlas: Atlas) -> None:
    """Explain why an atlas of images has no trails: its layers are alternatives, or it has only one."""
    st.title("Across layers", anchor=False)
    names = location.listed([layer_mark(atlas.manifest, layer) for layer in atlas.layers], "and")
    several = f"The layers here are alternatives that read the same input: {names}"
    layers = several if len(atlas.layers) > 1 else f"This atlas has one layer: {names}"
    st.info(
        "An atlas of images has no trails. A trail follows a feature from layer to layer of one model. "
        f"{markdown(layers)}. **More like this**, in Search and beside every feature, finds similar features in all "
        "layers.",
        icon=":material/route:",
    )
    st.page_link(page_file("search"), label="Open Search", query_params=atlas_query(atlas))
    st.stop()


atlas = open_page("across_layers")
if "across_layers" not in pages_of(atlas):
    no_trails(atlas)
starts = worth_following(atlas)
if not starts:
    nothing_to_follow(atlas)
request = location.read(atlas.slug)
view = View.read(request, atlas, start=starts[0])
query = view.query(atlas)
location.settle(request, query)
title = f"{view.seed} across layers"
tab(title, atlas.slug)
st.title(title, anchor=False)
request.show_problems()
show_start(atlas, view)
row = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
with row:
    controls(atlas, view)
try:
    trail = trail_of(atlas, view)
except AtlasError as error:
    st.error(markdown(str(error)))
    st.stop()
with row:
    trail_menu(atlas, view, trail)
show_graph(atlas, view, trail)
show_list(atlas, view, trail)
show_others(atlas, view, starts)
