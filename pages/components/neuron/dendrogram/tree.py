"""The tree of the neuron on the page with its movable cut, and what other cuts give."""

import streamlit as st

from ne_core.atlas import Atlas, Neuron
from ne_core.method.trees.clear_cut import MOVED, SHARES
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
    "branch points if that is wide, and else a share of the mean distance to other inputs of the layer, near it. "
    "It recovers planted features better than any fixed cut; its figures are in docs/meanings.md, “Where to cut”."
)
NO_CLEAR_CUT = (
    f"No clear cut: the rule finds none, or moving it by {MOVED:g} changes the number of features twofold, or it would "
    "make nearly as many features as examples."
)
NOT_CALIBRATED = "No suggested cut: in this embedding no rule recovers planted features reliably."
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
        show_missing_suggestion(neuron)
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
    show_missing_suggestion(neuron)
    spaces_query = atlas_query(atlas, neuron.ref.query())
    label = "Compare two spaces" + ("" if atlas.lists(neuron, view.cut) else ", at the atlas’s cut")
    two_cuts(atlas, neuron, view, cluster)
    st.page_link(page_file("spaces"), label=label, icon=PAGES["spaces"][1], query_params=spaces_query)


def show_missing_suggestion(neuron: Neuron) -> None:
    """Say why the tree has no suggested cut, if it has none."""
    if neuron.suggested_cut is None:
        st.caption(NO_CLEAR_CUT if neuron.embedding in SHARES else NOT_CALIBRATED)
