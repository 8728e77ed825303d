"""Page “About”: the method, the vocabulary, and how to read the figures."""

from pathlib import Path

import streamlit as st

from ne_core.export.provenance import bibtex, citation
from pages.components.base.escape import markdown
from pages.components.shell import atlas_sources
from pages.components.shell.frame import open_page
from pages.components.shell.nav import ensure_router
from pages.components.url import links, location

ensure_router()
atlas = open_page("about")
request = location.read(atlas.slug)
location.settle(request, links.atlas_query(atlas))
st.title("About", anchor=False)
with st.container(width=820):
    st.markdown((Path(__file__).parent / "components" / "about" / "about.md").read_text(encoding="utf-8"))
    if (origin := atlas_sources.origin(atlas)) and origin.version:
        st.subheader("Where this atlas came from", anchor=False)
        st.markdown(markdown(f"{origin.source}, version {origin.version}. {origin.note}"))
    st.subheader("How to cite", anchor=False)
    st.markdown(
        "For the method, cite the paper; for your results, also cite this tool and the atlas, as named in its manifest."
    )
    st.code(citation(atlas), language=None, wrap_lines=True)
    st.code(bibtex(), language=None, wrap_lines=True)
