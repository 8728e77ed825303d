"""Message of the lab page for an atlas without a lab: links to atlases with one, or the command that builds one."""

from pathlib import Path

import streamlit as st

from ne_core.atlas import Atlas
from pages.components.base.escape import markdown
from pages.components.shell import atlas_sources
from pages.components.shell.nav import page_file


def show_missing_lab(atlas: Atlas) -> None:
    others = atlas_sources.with_lab()
    message = f"The atlas {atlas.slug} has no lab: an MLP on pictures with sparse autoencoders on its hidden layer."
    st.info(markdown(message), icon=":material/science:")
    for name in others:
        st.page_link(
            page_file("sae_lab"),
            label=markdown(f"The lab of the atlas {name}"),
            icon=":material/arrow_forward:",
            query_params={"atlas": name},
        )
    if not others:
        st.markdown("To build one from small pictures of digits, on two cores:")
        st.code(
            f"python -m precompute lab --out {(atlas_sources.folder() or Path(atlas_sources.FOLDER)) / 'digits'}",
            language="bash",
        )
