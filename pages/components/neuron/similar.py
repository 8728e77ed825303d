"""Features similar to the one on the page, in other neurons, and links from it."""

import streamlit as st

from ne_core.atlas import Atlas, Neuron
from ne_core.method.partitions import holder
from ne_core.numbers import fixed
from ne_core.queries.comparable_text import similar_words
from ne_core.refs import FeatureRef
from pages.components.base.escape import markdown
from pages.components.cached.comparable import caution
from pages.components.neuron.related_links import related_links
from pages.components.shell.nav import page_file
from pages.components.text.labels import label
from pages.components.url.links import atlas_query, neuron_href
from pages.components.url.neuron_view import View
from pages.components.url.side_by_side_view import View as Pair
from pages.components.widgets.cluster_words import source_words, stored_feature_note
from pages.components.widgets.clusters import Cluster
from pages.components.widgets.features import feature_row, feature_rows
from pages.components.widgets.picker import pick_space


def show_similar(atlas: Atlas, neuron: Neuron, view: View, cluster: Cluster, current: int) -> None:
    st.subheader("Similar features", anchor=False)
    stored, moved = atlas.neuron(neuron.ref), view.branch is not None or not atlas.lists(neuron, view.cut)
    feature = holder(stored.feature, cluster.rows) if moved else current
    id = atlas.feature_ids(neuron.ref)[feature]
    if moved:
        what = f"feature {current} at cut {view.cut:g}" if view.branch is None else f"branch point {view.branch}"
        source = source_words(atlas, neuron)
        st.caption(markdown(stored_feature_note(stored, feature, label(atlas, id), cluster, what, source)))
    pick_space(atlas, view)
    ref = FeatureRef(view.neuron.layer, view.neuron.neuron, feature)
    rows = [
        feature_row(
            atlas,
            atlas.feature_id(other),
            before=5,
            after=3,
            named=True,
            meta=fixed(cosine),
            share=max(0.0, cosine),
            href=neuron_href(atlas, other, **view.reading_query(atlas)),
            also=[("Side by side", Pair(ref, other).href(atlas))],
        )
        for other, cosine in atlas.similar(ref, view.space)
    ]
    if not rows:
        st.caption(f"No other {atlas.manifest.vocabulary.unit} of this atlas has a feature.")
        return
    title = f"Features similar to feature {feature}" + (f" of {source_words(atlas, neuron)}" if moved else "")
    feature_rows(rows, atlas=atlas, name="similar", label=f"{title}, {label(atlas, id)}", n_visible=8, narrow=True)
    caution(atlas, view.space, lambda pairs: similar_words(pairs, ref.layer))
    map_query = atlas_query(atlas, {"show": ref.dotted})
    st.page_link(page_file("map"), label="Show on the map", icon=":material/scatter_plot:", query_params=map_query)
    related_links(atlas, ref, view.space)
