"""The tree of the neuron on the page with its movable cut, and what other cuts give."""

import streamlit as st

from ne_core.atlas import Atlas, Neuron
from pages.components.neuron.dendrogram.cut_curve import show_cut_curve
from pages.components.neuron.dendrogram.dendrogram import show_dendrogram
from pages.components.neuron.dendrogram.large_tree import MOST_LEAVES, large_tree
from pages.components.neuron.dendrogram.two_cuts import two_cuts
from pages.components.shell.nav import PAGES, page_file
from pages.components.url.links import atlas_query
from pages.components.url.neuron_view import View
from pages.components.widgets.clusters import Cluster

MEANING = (
    "Each leaf is one activating example; leaves that join below the cut are one feature. Two branches join at the "
    "average distance between their examples. The *suggested* cut is the middle of the widest gap between successive "
    "branch points, of those that give at most half as many features as examples. Only heights below the mean distance "
    "to other inputs of the layer are considered."
)
MOVE = (
    "**Move the cut**: drag its line, click the axis or a bar, or use the arrow keys. Click a branch to see its "
    "examples. The bars are the number of features at each cut, on a logarithmic scale."
)


def show_tree(atlas: Atlas, neuron: Neuron, view: View, current: int) -> None:
    """Show the tree, or the controls of its cut where it has too many leaves to be drawn."""
    st.subheader("Dendrogram", anchor=False, help=MEANING)
    if len(neuron) < 2:
        st.caption("One example: there is no tree to draw.")
    elif len(neuron) > MOST_LEAVES:
        large_tree(atlas, neuron, view)
    else:
        show_dendrogram(atlas, neuron, view, current)


def show_cuts(atlas: Atlas, neuron: Neuron, view: View, cluster: Cluster) -> None:
    """Show the number of features at every cut, and links to other cuts and embeddings."""
    if len(neuron) < 2:
        return
    show_cut_curve(atlas, neuron, view, cluster)
    if len(neuron) > MOST_LEAVES:
        two_cuts(atlas, neuron, view, cluster)
        return
    st.caption(MOVE)
    spaces_query = atlas_query(atlas, neuron.ref.query())
    label = "Compare two spaces" + ("" if atlas.lists(neuron, view.cut) else ", at the atlas’s cut")
    two_cuts(atlas, neuron, view, cluster)
    st.page_link(page_file("spaces"), label=label, icon=PAGES["spaces"][1], query_params=spaces_query)
