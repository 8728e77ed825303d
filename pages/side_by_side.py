"""Page “Side by side”: two features, what they have in common, and examples of both. The URL holds the view."""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import embeddings_formula, ref_name, space_title
from ne_core.errors import AtlasError
from ne_core.numbers import fixed
from ne_core.queries.comparable_text import pair_words
from pages.components.base.escape import markdown
from pages.components.cached.comparable import caution
from pages.components.shell.frame import open_page
from pages.components.shell.nav import ensure_router
from pages.components.side_by_side.facts import cosine, measures_table, tokens_line
from pages.components.side_by_side.side import show_examples, show_head
from pages.components.side_by_side.suggestions import nothing_picked, one_picked
from pages.components.url import location
from pages.components.url.side_by_side_view import LONGEST, SIDES, View, typed
from pages.components.url.tab import tab
from pages.components.widgets import export
from pages.components.widgets.export_tables import pair_tables

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
                on_change=location.moved(key, lambda text, side=side: typed(atlas, request, side, text)),
            )
        st.button(
            "Swap",
            key="_swap",
            icon=":material/swap_horiz:",
            on_click=location.go,
            args=(view.swapped.query(atlas),),
            disabled=not (view.a and view.b),
        )


def show_common(atlas: Atlas, view: View) -> None:
    st.subheader("In common", anchor=False)
    with st.container(horizontal=True, gap="medium"):
        for space in atlas.manifest.spaces:
            name, words = space_title(atlas.manifest, space), embeddings_formula(atlas.manifest, space)
            value = fixed(cosine(atlas, view.a, view.b, space))
            meaning = markdown(f"Between the central examples, as {words}: 1 is the same direction, 0 unrelated.")
            st.metric(f"Cosine, {name[:1].lower()}{name[1:]}", value, help=meaning, width="content")
    for space in atlas.manifest.spaces:
        caution(atlas, space, lambda pairs: pair_words(pairs, view.a.layer, view.b.layer))
    st.markdown(tokens_line(atlas, view.a, view.b))
    st.markdown(measures_table(atlas, view.a, view.b))


def show_pair(atlas: Atlas, view: View) -> None:
    sides = [(side, getattr(view, side)) for side in SIDES]
    export.menu(atlas, view.query(atlas), "side_by_side", tables=pair_tables(atlas, [ref for _, ref in sides]))
    for column, (side, ref) in zip(st.columns(2, gap="medium"), sides, strict=True):
        with column:
            show_head(atlas, side, ref)
    show_common(atlas, view)
    st.subheader("Examples", anchor=False)
    for column, (side, ref) in zip(st.columns(2, gap="medium"), sides, strict=True):
        with column:
            show_examples(atlas, side, ref)


atlas = open_page("side_by_side")
request = location.read(atlas.slug)
view = View.read(request, atlas)
query = view.query(atlas)
location.settle(request, query)
st.title("Side by side", anchor=False)
request.show_problems()
controls(atlas, request, view)
if view.a and view.b:
    title = " beside ".join(ref_name(atlas.manifest, ref) for ref in (view.a, view.b))
    tab(title, atlas.slug)
    try:
        show_pair(atlas, view)
    except AtlasError as error:
        st.error(markdown(str(error)))
elif view.a or view.b:
    one_picked(atlas, view)
else:
    nothing_picked(atlas)
