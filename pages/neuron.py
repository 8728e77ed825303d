"""Page “Neuron”: its features, its tree, the examples of one feature, and the features similar to it."""

import streamlit as st

from ne_core.atlas import Atlas, Neuron
from ne_core.atlas.names import unit_title
from ne_core.method.measures import measures
from ne_core.numbers import fixed
from ne_core.queries.comparable_text import similar_words
from ne_core.queries.maximum import maximum
from ne_core.refs import FeatureRef, NeuronRef
from pages.components.base.escape import markdown
from pages.components.cached.comparable import caution
from pages.components.cached.starts import neurons_with_examples
from pages.components.neuron.chance import show_chance
from pages.components.neuron.dendrogram import show_dendrogram
from pages.components.neuron.details import show_details
from pages.components.neuron.examples import show_examples
from pages.components.neuron.export_neuron import neuron_menu
from pages.components.neuron.feature_toolbar import feature_toolbar
from pages.components.neuron.large_tree import MOST_LEAVES, large_tree
from pages.components.neuron.related_links import related_links
from pages.components.shell.frame import open_page
from pages.components.shell.nav import PAGES, ensure_router, page_file
from pages.components.text.labels import Label, label
from pages.components.url.links import atlas_query, neuron_href
from pages.components.url.neuron_view import View
from pages.components.url.side_by_side_view import View as Pair
from pages.components.url.tab import tab
from pages.components.widgets.cluster_words import number, stored_feature_note, tab_title
from pages.components.widgets.clusters import (
    Cluster,
    branch_at,
    cluster_label,
    cluster_labels,
    features_at,
    holder,
    listed,
)
from pages.components.widgets.features import feature_row, feature_rows, numbered_row
from pages.components.widgets.picker import pick_neuron, pick_space
from pages.components.widgets.token_lines.lines import lines

ensure_router()
WIDE, NARROW = 1.75, 1
SUGGESTED = (
    "Two branches join at the average distance between their examples. The *suggested* cut is the middle of the widest "
    "gap between successive branch points, of those that give at most half as many features as examples. Only heights "
    "below the mean distance to other inputs of the layer are considered."
)


def show_measures(atlas: Atlas, neuron: Neuron, view: View) -> None:
    """Show every measure, with its meaning as a help text."""
    values, unit = measures(neuron.tree, view.cut), atlas.manifest.vocabulary.unit
    row = atlas.neuron_row(neuron.ref)
    most_active = "a label as active as this has" if atlas.manifest.images else "tokens as active as this have"
    metrics = {
        "Examples": (f"{values.n_examples}", f"Activating examples stored for this {unit}."),
        "Features": (f"{values.n_features}", "Clusters of these examples at the cut. More examples give more."),
        "Largest feature": (f"{values.largest_share:.0%}", "Share of the examples in the largest feature."),
        "Mean distance": (
            number(values.mean_distance),
            "Mean cosine distance between the examples’ embeddings: 0 is the same direction, 1 unrelated.",
        ),
        "Within features": (number(values.intra_distance), "Mean distance between examples of the same feature."),
        "Between features": (number(values.inter_distance), "Mean distance between examples of different features."),
        "Maximum": (
            fixed(atlas.neurons["maximum"][row]),
            f"The {unit}’s maximum activation; {most_active} the strongest background.",
        ),
    }
    with st.container(horizontal=True, gap="small"):
        for name, (value, meaning) in metrics.items():
            st.metric(name, value, help=meaning, width="content")


def show_features(
    atlas: Atlas, neuron: Neuron, view: View, features: list[Cluster], labels: list[Label], current: int | None
) -> None:
    st.subheader("Features", anchor=False)
    baseline = view.reading.baseline_number(atlas.manifest.baselines)
    indices = listed(len(features), current)
    around = lines(atlas, neuron, [features[i].central for i in indices], before=10, after=6, baseline=baseline)
    rows = [
        numbered_row(
            i,
            **labels[i].data(),
            href=own_href(atlas, view, i),
            meta=f"{len(features[i])}",
            share=len(features[i]) / len(neuron),
            line=line,
            maximum=maximum(atlas, neuron.ref),
            current=i == current,
        )
        for i, line in zip(indices, around, strict=True)
    ]
    feature_rows(
        rows, atlas=atlas, name="features", label=f"Features of this {atlas.manifest.vocabulary.unit}", n_visible=9
    )
    st.caption(rows_words(atlas))
    if len(indices) < len(features):
        st.caption(
            f"Smaller features are not listed ({len(features) - len(indices):,}). To open one, set its number in the "
            "address."
        )


def rows_words(atlas: Atlas) -> str:
    """Caption of the feature rows: the contents of a row, and the origin of a name."""
    images = atlas.manifest.images
    centre = "the image at its centre" if images else "its central example around the key token"
    made_of = "labels" if images else "key tokens, and the important words before them,"
    return (
        f"Each row is one feature, largest first: its number, its name, {centre}, and how many examples it has. A name "
        f"is made of the {made_of} that distinguish the feature from the {atlas.manifest.vocabulary.unit}’s others. "
        f"Open one to {'see' if images else 'read'} its examples."
    )


def own_href(atlas: Atlas, view: View, feature: int) -> str:
    """Address of a feature of the current neuron at the current cut."""
    return neuron_href(atlas, FeatureRef(view.neuron.layer, view.neuron.neuron, feature), **view.same_cut_query(atlas))


def show_tree(atlas: Atlas, neuron: Neuron, view: View, current: int) -> None:
    st.subheader("Dendrogram", anchor=False, help=SUGGESTED)
    if len(neuron) < 2:
        st.caption("One example: there is no tree to draw.")
        return
    if len(neuron) > MOST_LEAVES:
        large_tree(atlas, neuron, view)
        return
    show_dendrogram(atlas, neuron, view, current)
    st.caption(
        "Each leaf is one activating example; leaves that join below the cut are one feature. **Move the cut**: drag "
        "its line, click the axis, or use the arrow keys on it. Click a branch to see its examples."
    )
    spaces_query = atlas_query(atlas, neuron.ref.query())
    label = "Compare two spaces" if view.cut == atlas.manifest.default_cut else "Compare two spaces, at the atlas’s cut"
    st.page_link(page_file("spaces"), label=label, icon=PAGES["spaces"][1], query_params=spaces_query)


def show_similar(atlas: Atlas, neuron: Neuron, view: View, cluster: Cluster, current: int) -> None:
    st.subheader("Similar features", anchor=False)
    moved = view.branch is not None or view.cut != atlas.manifest.default_cut
    feature = holder(neuron, cluster.rows) if moved else current
    id = atlas.feature_ids(neuron.ref)[feature]
    if moved:
        what = f"feature {current} at cut {view.cut:g}" if view.branch is None else f"branch point {view.branch}"
        st.caption(markdown(stored_feature_note(neuron, feature, label(atlas, id), cluster, what)))
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
    title = f"Features similar to feature {feature}" + (" of the atlas’s cut" if moved else "")
    feature_rows(rows, atlas=atlas, name="similar", label=f"{title}, {label(atlas, id)}", n_visible=8, narrow=True)
    caution(atlas, view.space, lambda pairs: similar_words(pairs, ref.layer))
    map_query = atlas_query(atlas, {"show": ref.dotted})
    st.page_link(page_file("map"), label="Show on the map", icon=":material/scatter_plot:", query_params=map_query)
    related_links(atlas, ref, view.space)


def dead(atlas: Atlas, view: View) -> None:
    ref, words = view.neuron, atlas.manifest.vocabulary
    dead = f"This {words.unit} is dead: no {words.token} activates it above its threshold"
    st.info(f"{dead}, so it has no examples and no features.", icon=":material/bedtime:")
    others = neurons_with_examples(atlas, ref.layer) or neurons_with_examples(atlas)
    if others:
        nearest = min(others, key=lambda other: (abs(other.neuron - ref.neuron), other))
        st.page_link(
            page_file("neuron"),
            label=nearest_words(atlas, nearest),
            icon=":material/arrow_forward:",
            query_params=atlas_query(atlas, nearest.query() | view.reading_query(atlas)),
        )


def nearest_words(atlas: Atlas, ref: NeuronRef) -> str:
    unit = atlas.manifest.vocabulary.unit
    return f"Go to the nearest {unit} with examples: {markdown(unit_title(atlas.manifest, ref))}"


atlas = open_page("neuron")
view = pick_neuron(atlas)
neuron = atlas.neuron(view.neuron)
if not len(neuron):
    dead(atlas, view)
    st.stop()
current = view.feature or 0
features = features_at(neuron, view.cut)
cluster = features[current] if view.branch is None else branch_at(neuron, view.branch)
labels = cluster_labels(atlas, neuron, features, view.cut)
name = labels[current] if view.branch is None else cluster_label(atlas, neuron, cluster.rows)
tab(tab_title(atlas, view, labels, name), atlas.slug)
with st.container(horizontal=True, vertical_alignment="center"):
    feature_toolbar(atlas, neuron, view, features, cluster, str(name))
    with st.container(width="content"):
        neuron_menu(atlas, neuron, view, cluster, current)
left, right = st.columns([WIDE, NARROW], gap="medium")
with left:
    show_measures(atlas, neuron, view)
    show_chance(atlas, neuron.ref)
    show_features(atlas, neuron, view, features, labels, current if view.branch is None else None)
with right:
    show_tree(atlas, neuron, view, current)
# A second row of columns, so that a narrow screen has the tree before the examples.
left, right = st.columns([WIDE, NARROW], gap="medium")
with left:
    show_examples(atlas, neuron, view, cluster, name, current, own_href(atlas, view, current))
with right:
    show_similar(atlas, neuron, view, cluster, current)
show_details(atlas, neuron, view, cluster, current)
