"""Choice of the embedding on the page Neuron: the atlas's own, the paper's, and others, each with its formula."""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import space_formula
from ne_core.method.embeddings import REFERENCE
from ne_core.queries.in_embedding import reasons_unavailable
from pages.components.base.escape import markdown
from pages.components.url import location
from pages.components.url.neuron_view import View

KEY = "_embedding"
WIDTH = 330
HELP = (
    "How an example becomes a vector; tree and features are clusters of these vectors, by cosine distance. m is the "
    "mean of the standardised inputs at the same token: with less of the token’s part, features are less often single "
    "tokens, and more often senses and contexts."
)


def pick_embedding(atlas: Atlas, view: View) -> str | None:
    """Draw the choice, disabled where there is only one; return why embeddings are missing from it, None if none is."""
    reasons = reasons_unavailable(atlas, view.neuron)
    names = [name for name, reason in reasons.items() if not reason]
    st.session_state[KEY] = view.embedding or atlas.manifest.embedding
    st.selectbox(
        "Embedding",
        names,
        key=KEY,
        format_func=lambda name: option(atlas, name),
        width=WIDTH,
        disabled=len(names) == 1,
        help=HELP,
        on_change=location.moved(KEY, lambda name: view.in_embedding(atlas, name).query(atlas), names),
    )
    return next(filter(None, reasons.values()), None)


def embedding_note(atlas: Atlas, view: View, missing: str | None) -> None:
    """Show what does not follow the choice, and why embeddings are missing from it (`missing`)."""
    if view.embedding not in (None, atlas.manifest.embedding):
        st.caption(markdown(note(atlas, view.embedding)))
    if missing:
        st.caption(markdown(f"Further embeddings are not offered: {missing}."))


def option(atlas: Atlas, name: str) -> str:
    """“Standardised, (x − μ) / σ (the atlas’s)”, “Neuron embedding, x ⊙ w (the paper’s)”."""
    owners = [("the atlas’s", atlas.manifest.embedding), ("the paper’s", REFERENCE)]
    words = " and ".join(owner for owner, embedding in owners if embedding == name)
    return space_formula(atlas.manifest, name) + (f" ({words})" if words else "")


def note(atlas: Atlas, embedding: str) -> str:
    """Line on what is of the chosen embedding, and what stays with the atlas's own."""
    formula, of_atlas = (space_formula(atlas.manifest, name) for name in (embedding, atlas.manifest.embedding))
    return (
        f"Tree, features, names and distances are of this embedding ({formula}). Similar features, the comparison with "
        f"chance, and all other pages are of the atlas’s own ({of_atlas})."
    )
