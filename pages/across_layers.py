"""One concept over the layers: the features similar to one, layer by layer, and how they hang together."""

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
        st.caption("Change the least cosine, or look in the other space.")
        return
    trail_graph(atlas, view, trail)
    embeddings, unit = embeddings_formula(atlas.manifest, view.space), atlas.manifest.vocabulary.unit
    st.caption(
        f"Columns are layers. In each stand the {view.per} features nearest to the start (with the outline) whose "
        f"cosine with it, the number on each, is at least {view.bound:g}, as {embeddings} of central "
        f"examples; other features of the start’s own {unit} are left out. A line joins features of successive "
        f"layers whose own cosine is at least {view.bound:g}, darker for more. A feature **splits** when those it is "
        "joined to in the next layer fall into groups that are not alike by the same rule, and **merges** when those "
        "before it do; both are said only of layers that can be compared. Layers that cannot be compared with the "
        "start’s show no features. A click opens a feature; ↦ follows the trail from it."
    )


def show_pairs(atlas: Atlas, view: View) -> None:
    """The measure behind what can be compared, for every two layers."""
    if len(atlas.layers) == 1:
        return
    with st.expander("Which layers can be compared"):
        st.markdown(pairs_table(atlas, view.space))
        st.caption(
            f"Of the features of a row’s layer, how many find a better match in a column’s layer than {STAY_BELOW:.0%} "
            f"of random features do. {RULE} **Bold**: these two can be compared."
        )


def show_list(atlas: Atlas, view: View, trail: Trail) -> None:
    """Every node again, with its example."""
    for layer in trail.layers:
        st.subheader(f"Layer {layer}", anchor=False)
        rows = [node_row(atlas, view, trail, place) for place in trail.nodes_of(layer)]
        feature_rows(rows, atlas=atlas, name=f"layer_{layer}", label=f"Features of layer {layer}", n_visible=len(rows))


def node_row(atlas: Atlas, view: View, trail: Trail, place: int) -> dict:
    id = int(trail.ids[place])
    ref, cosine = atlas.feature_ref(id), float(trail.cosine[place])
    href = neuron_href(atlas, ref, **in_space(atlas, view.space))
    if ref == view.seed:
        return feature_row(atlas, id, named=True, meta="the start", why=links_of(trail, place), current=True, href=href)
    also = [("Trail from here", view.to(seed=ref).href(atlas))]
    shown = {"meta": fixed(cosine), "share": max(0.0, cosine), "also": also, "href": href}
    return feature_row(atlas, id, named=True, why=links_of(trail, place), **shown)


def show_others(atlas: Atlas, view: View, refs: list) -> None:
    st.caption("Other features with like ones in many layers:")
    shown = [Chip(str(label(atlas, atlas.feature_id(ref))), trail_href(atlas, ref), ref == view.seed) for ref in refs]
    chips(shown, name="starts", label="Trails worth following")


def no_trails(atlas: Atlas) -> None:
    """Of layers that are alternatives, or of one."""
    st.title("Across layers", anchor=False)
    names = location.listed([layer_mark(atlas.manifest, layer) for layer in atlas.layers], "and")
    here = f"are alternatives that read the same: {names}" if len(atlas.layers) > 1 else f"are one: {names}"
    st.info(
        "An atlas of images has no trails. A trail follows a feature from layer to layer of one model; the layers here "
        f"{markdown(here)}. **More like this**, in Search and beside every feature, finds like ones in all of them.",
        icon=":material/route:",
    )
    st.page_link(page_file("search"), label="Open Search", query_params=atlas_query(atlas))
    st.stop()


atlas = open_page("across_layers")
if "across_layers" not in pages_of(atlas):
    no_trails(atlas)
offered = worth_following(atlas)
if not offered:
    nothing_to_follow(atlas)
at = location.read(atlas.slug)
view = View.read(at, atlas, start=offered[0])
query = view.query(atlas)
location.settle(at, query)
title = f"{view.seed} across layers"
tab(title, atlas.slug)
st.title(title, anchor=False)
at.show_problems()
show_start(atlas, view)
controls(atlas, view)
try:
    found = trail_of(atlas, view)
except AtlasError as error:
    st.error(markdown(str(error)))
    st.stop()
trail_menu(atlas, view, found)
show_graph(atlas, view, found)
show_list(atlas, view, found)
show_others(atlas, view, offered)
