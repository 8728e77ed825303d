"""Controls of the cut as numbers, for trees with too many leaves to be drawn in a browser."""

from dataclasses import replace

import streamlit as st

from ne_core.atlas import Atlas, Neuron
from pages.components.url import location
from pages.components.url.neuron_view import View
from pages.components.widgets.chips import Chip, chips

MOST_LEAVES = 4000  # about 300 bytes each; a page may have 1.5 MB


def large_tree(atlas: Atlas, neuron: Neuron, view: View) -> None:
    """Show the controls of the cut without the drawing."""
    default_cut, suggested = neuron.default_cut, neuron.suggested_cut

    def view_at(cut: float) -> View:
        reading = replace(view.reading, page=0)
        return replace(view, cut=round(float(cut), 4), feature=None, branch=None, reading=reading)

    st.session_state["_cut"] = view.cut
    st.number_input(
        "Cut, a cosine distance",
        0.0,
        2.0,
        step=0.01,
        format="%.4g",
        key="_cut",
        on_change=location.moved("_cut", lambda cut: view_at(cut).query(atlas)),
        width=180,
    )
    name = "Atlas’s cut" if neuron.embedding == atlas.manifest.embedding else "Default cut"
    named = {name: default_cut, "Suggested cut": suggested}
    views = {f"{name} {cut:g}": view_at(cut) for name, cut in named.items() if cut is not None}
    links = [Chip(text, to.href(atlas), to.cut == view.cut) for text, to in views.items()]
    chips(links, name="cuts", label="Cuts")
    st.caption(
        f"This {atlas.manifest.vocabulary.unit} has {len(neuron):,} examples. Trees of more than {MOST_LEAVES:,} "
        "leaves are not drawn. Set the cut here, or click a bar: the number of features at that cut, on a logarithmic "
        "scale. `branch=` in the address opens a branch point, "
        f"from the lowest, 0, to the highest, {len(neuron.tree) - 1}."
    )
