"""Page “Side by side”: two features, what they have in common, and examples of both. The URL holds the view."""

from collections.abc import Callable

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import embeddings_formula, space_title
from ne_core.errors import AtlasError
from ne_core.numbers import fixed
from ne_core.queries.comparable_text import pair_words
from pages.components.base.escape import markdown
from pages.components.cached.comparable import caution
from pages.components.shell.frame import open_page
from pages.components.shell.nav import ensure_router
from pages.components.side_by_side.controls import pick_tree
from pages.components.side_by_side.export_sides import side_tables
from pages.components.side_by_side.facts import cosine, measures_table, tokens_line
from pages.components.side_by_side.feature import SideFeature, side_feature
from pages.components.side_by_side.partitions import show_partitions
from pages.components.side_by_side.side import show_examples, show_head
from pages.components.side_by_side.suggestions import nothing_picked, one_picked
from pages.components.url import location
from pages.components.url.side_by_side_view import LONGEST, SIDES, View, typed
from pages.components.url.tab import tab
from pages.components.widgets import export

ensure_router()


def controls(atlas: Atlas, request: location.Location, view: View) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        for side in SIDES:
            ref, key = getattr(view, side), f"_side_{side}"
            st.session_state[key] = ref.dotted if ref else request.query.get(side, "")[:LONGEST]
            st.text_input(
                f"Feature {side}",
                key=key,
                placeholder="3.17.2 or L3 N17 F2",
                width=190,
                on_change=location.moved(key, lambda text, side=side: typed(atlas, request, view, side, text)),
            )
        st.button(
            "Swap",
            key="_swap",
            icon=":material/swap_horiz:",
            on_click=location.go,
            args=(view.swapped.query(atlas),),
            disabled=not (view.a and view.b),
        )


def show_common(atlas: Atlas, a: SideFeature, b: SideFeature) -> None:
    st.subheader("In common", anchor=False)
    cosines = {space: cosine(atlas, a, b, space) for space in atlas.manifest.spaces}
    with st.container(horizontal=True, gap="medium"):
        for space, value in cosines.items():
            name, words = space_title(atlas.manifest, space), embeddings_formula(atlas.manifest, space)
            meaning = markdown(f"Between the central examples, as {words}: 1 is the same direction, 0 unrelated.")
            text = "–" if value is None else fixed(value)
            st.metric(f"Cosine, {name[:1].lower()}{name[1:]}", text, help=meaning, width="content")
    if None in cosines.values():
        st.caption(
            "Cosines are stored for features of the atlas’s embedding and cut. Others are computed from the atlas’s "
            "inputs, if it has them, but not between two layers in the aligned space."
        )
    for space in atlas.manifest.spaces:
        caution(atlas, space, lambda pairs: pair_words(pairs, a.ref.layer, b.ref.layer))
    st.markdown(tokens_line(atlas, a, b))
    st.markdown(measures_table(atlas, a, b))
    if a.ref.of == b.ref.of and a.place != b.place:
        show_partitions(atlas, a, b)


def show_pair(atlas: Atlas, view: View) -> None:
    features = {side: side_feature(atlas, view.side(side)) for side in SIDES}
    export.menu(atlas, view.query(atlas), "side_by_side", tables=side_tables(atlas, list(features.values())))
    tab(" beside ".join(feature.name for feature in features.values()), atlas.slug)
    in_columns(features, lambda side, feature: show_side(atlas, view, side, feature))
    show_common(atlas, *features.values())
    st.subheader("Examples", anchor=False)
    in_columns(features, lambda side, feature: show_examples(atlas, side, feature))


def show_side(atlas: Atlas, view: View, side: str, feature: SideFeature) -> None:
    pick_tree(atlas, view, side, feature)
    show_head(atlas, side, feature)


def in_columns(features: dict[str, SideFeature], show: Callable[[str, SideFeature], None]) -> None:
    for column, (side, feature) in zip(st.columns(2, gap="medium"), features.items(), strict=True):
        with column:
            show(side, feature)


atlas = open_page("side_by_side")
request = location.read(atlas.slug)
view = View.read(request, atlas)
query = view.query(atlas)
location.settle(request, query)
st.title("Side by side", anchor=False)
request.show_problems()
controls(atlas, request, view)
if view.a and view.b:
    try:
        show_pair(atlas, view)
    except AtlasError as error:
        st.error(markdown(str(error)))
elif view.a or view.b:
    one_picked(atlas, view)
else:
    nothing_picked(atlas)
