"""How a lab was made, as its file tells it: the images, the MLP, the training of the autoencoders."""

import streamlit as st

from ne_core.atlas import Atlas
from pages.components.shell.settings import pairs, safe


def show_made(atlas: Atlas) -> None:
    facts = atlas.lab.facts
    values = {
        "images": told(facts["data"]),
        "split": f"the first {facts['n_train']:,} of {len(atlas.lab.images):,} are the training set",
        "MLP": told(facts["mlp"]),
        "autoencoders": told(facts["settings"]),
        "examples kept": f"the first {facts['max_examples']} images that activate a latent",
        "cut": f"cosine distance {facts['cut']:g}, average linkage",
        "measures": "; ".join(f"{safe(name)}: {safe(meaning)}" for name, meaning in facts["measures"].items()),
    }
    with st.expander("How this lab was made"):
        st.html(pairs("ne-settings", values))


def told(facts: dict) -> str:
    """Names and values in one line, whatever they are."""
    return "; ".join(f"{safe(str(name).replace('_', ' '))}: {safe(value)}" for name, value in facts.items())
