"""Choice of the embedding on the page Neuron: the atlas's own, the paper's, and others, each with its formula."""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import space_formula
from ne_core.queries.in_embedding import offered, reason_unavailable
from pages.components.base.escape import markdown
from pages.components.url import location
from pages.components.url.neuron_view import View

KEY = "_embedding"
WIDTH = 330


def pick_embedding(atlas: Atlas, view: View) -> None:
    """Draw the choice, and a line on what does not follow it, or on why there is no choice."""
    names = offered(atlas.manifest)
    reasons = [reason for name in names if (reason := reason_unavailable(atlas, view.neuron, name))]
    embedding = view.embedding or atlas.manifest.embedding
    st.session_state[KEY] = embedding
    st.selectbox(
        "Embedding",
        names,
        key=KEY,
        format_func=lambda name: option(atlas, name),
        width=WIDTH,
        disabled=len(reasons) == len(names) - 1,
        help="How an example becomes a vector; tree and features are clusters of these vectors, by cosine distance.",
        on_change=location.moved(KEY, lambda name: view.in_embedding(atlas, name).query(atlas), names),
    )
    if reasons:
        st.caption(markdown(f"{reasons[0][:1].upper()}{reasons[0][1:]}."))
    elif embedding != atlas.manifest.embedding:
        st.caption(markdown(note(atlas, embedding)))


def option(atlas: Atlas, name: str) -> str:
    """“Standardised, (x − μ) / σ (the atlas’s)”, “Neuron embedding, x ⊙ w (the paper’s)”."""
    owner = {"neuron": " (the paper’s)"} | {atlas.manifest.embedding: " (the atlas’s)"}
    return space_formula(atlas.manifest, name) + owner.get(name, "")


def note(atlas: Atlas, embedding: str) -> str:
    """Line on what is of the chosen embedding, and what stays with the atlas's own."""
    formula, of_atlas = (space_formula(atlas.manifest, name) for name in (embedding, atlas.manifest.embedding))
    return (
        f"Tree, features, names and distances are of this embedding ({formula}). Similar features, the comparison with "
        f"chance, and all other pages are of the atlas’s own ({of_atlas})."
    )
