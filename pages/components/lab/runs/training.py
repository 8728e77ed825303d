"""Settings of a lab, from its file: the images, the MLP, and the training of the autoencoders."""

import streamlit as st

from ne_core.atlas import Atlas
from pages.components.shell.settings import pairs, safe


def show_training(atlas: Atlas) -> None:
    facts = atlas.lab.facts
    values = {
        "images": fact_words(facts["data"]),
        "split": f"the first {facts['n_train']:,} of {len(atlas.lab.images):,} are the training set",
        "MLP": fact_words(facts["mlp"]),
        "autoencoders": fact_words(facts["settings"]),
        "examples": f"the first {facts['max_examples']} images that activate a latent",
        "cut": f"cosine distance {facts['cut']:g}, average linkage",
        "measures": "; ".join(f"{safe(name)}: {safe(meaning)}" for name, meaning in facts["measures"].items()),
    }
    with st.expander("How this lab was built"):
        st.html(pairs("ne-settings", values))


def fact_words(facts: dict) -> str:
    """Escaped names and values in one line."""
    return "; ".join(f"{safe(str(name).replace('_', ' '))}: {safe(value)}" for name, value in facts.items())
