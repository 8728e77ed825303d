"""Messages of the map's search: how many features are highlighted, and where a text occurs that none fires on."""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import ref_name
from pages.components.base.escape import markdown
from pages.components.cached.vocabulary import suggestions
from pages.components.shell.nav import page_file
from pages.components.url import location
from pages.components.url.map_view import View
from pages.components.url.search_view import View as Search
from pages.components.widgets.chips import Chip, chips

MOST_NEAR = 5  # similar key tokens that are offered


def is_firing(search: Search) -> bool:
    """Return whether the search is for features that fire on its text."""
    return search.like is None and search.mode == "token"


def show_search(atlas: Atlas, view: View, n_lit: int, n_drawn: int) -> None:
    """State how many features the search highlights, with a link to all of them."""
    message = f"**{n_lit:,} highlighted** {query(atlas, view.search)}; the other {n_drawn - n_lit:,} are grey."
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(message if n_lit else f"**No results** {query(atlas, view.search)}.", width="content")
        st.page_link(page_file("search"), label="Open in Search", query_params=view.search.query(atlas))
        st.button("Clear", on_click=location.go, args=(view.searching(q="", like=None).query(atlas),), key="_map_clear")


def query(atlas: Atlas, search: Search) -> str:
    """Phrase of what is searched, escaped."""
    if search.like is not None:
        return markdown(f"similar to {ref_name(atlas.manifest, search.like)}")
    firing = "firing on" if is_firing(search) else "with" if search.mode == "snippet" else "for"
    return markdown(f"{firing} “{search.q}”")


def show_no_firing(atlas: Atlas, view: View, n_mentions: int) -> None:
    """Say in how many features' examples the text occurs, and offer to highlight those, or similar key tokens."""
    if n_mentions:
        show_mentions(atlas, view, n_mentions)
    else:
        st.caption("It does not occur in their most central examples either.")
    names = [name for name in suggestions(atlas, view.search.q) if name != view.search.q][:MOST_NEAR]
    if names:
        title = f"Similar {atlas.manifest.vocabulary.key_tokens}"
        st.caption(f"{title}:")
        chips([Chip(name, view.searching(q=name).href(atlas)) for name in names], name="map-near", label=title)


def show_mentions(atlas: Atlas, view: View, n: int) -> None:
    features = "1 feature, which fires" if n == 1 else f"{n:,} features, which fire"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        other = f"another {atlas.manifest.vocabulary.key_token}"
        st.caption(f"It occurs in the examples of {features} on {other}.", width="content")
        to_words = view.searching(mode="words").query(atlas)
        st.button("Highlight by words", on_click=location.go, args=(to_words,), key="_map_mentions")
