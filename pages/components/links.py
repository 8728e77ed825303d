"""Links from components: a real address for new tabs, and a move without loading the page anew for plain clicks."""

from urllib.parse import urlencode

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.refs import FeatureRef, NeuronRef
from pages.components import location
from pages.components.nav import PAGES, page_file

NEXT = "_next_page"


def atlas_query(atlas: Atlas, query: dict[str, str] | None = None) -> dict[str, str]:
    """The part of a URL that names the atlas, and what follows it."""
    return {"atlas": atlas.root.name, **(query or {})}


def link(atlas: Atlas, page: str, query: dict[str, str]) -> dict:
    """What a component needs to draw a link to a view of `page`."""
    whole = atlas_query(atlas, query)
    return {"page": page, "query": whole, "href": f"{page}?{urlencode(whole)}"}


def neuron_link(atlas: Atlas, ref: NeuronRef | FeatureRef, **more: str) -> dict:
    """A link to a neuron, or to a feature of one."""
    return link(atlas, "neuron", {**ref.query(), **more})


def follow(key: str, page: str):
    """The callback of a component on `page` whose links were clicked. What arrives is checked as any URL is."""

    def opened() -> None:
        asked = st.session_state[key].open
        if not asked or asked["page"] not in PAGES:
            return
        query = {str(name): str(value) for name, value in asked["query"].items()}
        if asked["page"] == page:
            location.go(query)
        else:
            st.session_state[NEXT] = (asked["page"], query)

    return opened


def leave() -> None:
    """Finish the move to another page that a component's link asked for; callbacks cannot switch pages."""
    if NEXT in st.session_state:
        page, query = st.session_state.pop(NEXT)
        st.switch_page(page_file(page), query_params=query)
