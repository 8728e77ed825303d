"""Page “Neuron”: its features, the examples of one, its tree, and the features similar to it."""

import streamlit as st

from ne_core.palette import OTHER
from pages.components.cached.in_embedding import embedded
from pages.components.neuron.dead import show_dead
from pages.components.neuron.dendrogram.tree import show_cuts, show_tree
from pages.components.neuron.details.details import show_details
from pages.components.neuron.embedding import embedding_note, pick_embedding
from pages.components.neuron.examples import show_examples
from pages.components.neuron.export_neuron import neuron_menu
from pages.components.neuron.feature_list import own_href, show_features
from pages.components.neuron.feature_toolbar import feature_toolbar
from pages.components.neuron.layout import places
from pages.components.neuron.similar import show_similar
from pages.components.neuron.statistics import show_statistics, statistics_line
from pages.components.shell.frame import open_page
from pages.components.shell.nav import ensure_router
from pages.components.url.tab import tab
from pages.components.widgets.cluster_words import tab_title
from pages.components.widgets.clusters import branch_at, cluster_label, cluster_labels, colours_at, features_at
from pages.components.widgets.picker import pick_neuron

ensure_router()
atlas = open_page("neuron")
view, missing_embeddings = pick_neuron(atlas, pick_embedding)
embedding_note(atlas, view, missing_embeddings)
neuron = embedded(atlas, view.neuron, view.embedding)
if not len(neuron):
    show_dead(atlas, view)
    st.stop()
current = view.feature or 0
features = features_at(neuron, view.cut)
cluster = features[current] if view.branch is None else branch_at(neuron, view.branch)
labels = cluster_labels(atlas, neuron, features, view.cut)
name = labels[current] if view.branch is None else cluster_label(atlas, neuron, cluster.rows)
colours = colours_at(neuron, view.cut)
colour = colours[current] if view.branch is None else OTHER
tab(tab_title(atlas, view, labels, name), atlas.slug)
statistics_line(atlas, neuron)
with st.container(horizontal=True, vertical_alignment="center"):
    feature_toolbar(atlas, neuron, view, features, cluster, str(name))
    with st.container(width="content"):
        neuron_menu(atlas, neuron, view, cluster, current, colour)
place = places()
with place.features:
    show_features(atlas, neuron, view, features, labels, colours, current if view.branch is None else None)
with place.examples:
    show_examples(atlas, neuron, view, cluster, name, colour, current, own_href(atlas, view, current))
with place.tree:
    show_tree(atlas, neuron, view, current)
with place.cuts:
    show_cuts(atlas, neuron, view, cluster)
with place.rest:
    show_details(atlas, neuron, view, cluster, colour, current)
    show_similar(atlas, neuron, view, cluster, current)
show_statistics(atlas, neuron, view)
