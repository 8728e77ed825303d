"""What the lab page says of an atlas without a lab: where there is one, or how to make one."""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.lab.schema import FACTS, FOLDER
from pages.components import frame
from pages.components.escape import markdown
from pages.components.nav import page_file


def no_lab(atlas: Atlas) -> None:
    folder = atlas.root.parent
    others = [name for name in frame.atlas_names(folder) if (folder / name / FOLDER / FACTS).is_file()]
    said = f"The atlas {atlas.root.name} has no lab: an MLP on pictures with sparse autoencoders on its hidden layer."
    st.info(markdown(said), icon=":material/science:")
    for name in others:
        st.page_link(
            page_file("sae_lab"),
            label=markdown(f"The lab of the atlas {name}"),
            icon=":material/arrow_forward:",
            query_params={"atlas": name},
        )
    if not others:
        st.markdown("To make one, of small pictures of digits, on two cores:")
        st.code(f"python -m precompute lab --out {folder / 'digits'}", language="bash")
