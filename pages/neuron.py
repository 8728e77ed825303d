"""One neuron: its features at a glance, its tree, the examples of one feature, and the features similar to that."""

import numpy as np
import streamlit as st

from ne_core.atlas import Atlas, Neuron
from ne_core.measures import measures
from ne_core.refs import FeatureRef
from pages.components.dendrogram import tree_of
from pages.components.features import feature_row, feature_rows
from pages.components.frame import open_page
from pages.components.links import atlas_query, neuron_href
from pages.components.nav import ensure_router, page_file
from pages.components.picker import View, pick_neuron, pick_space
from pages.components.starts import living
from pages.components.tokens import feature_examples

ensure_router()
WIDE, NARROW = 1.75, 1


def show_measures(atlas: Atlas, neuron: Neuron) -> None:
    """Every measure with a word on what it means."""
    found = measures(neuron.tree, atlas.manifest.default_cut)
    row = atlas.neuron_row(neuron.ref)
    shown = {
        "Examples": (f"{found.n_examples}", "Activating examples kept for this neuron."),
        "Features": (f"{found.n_features}", "Clusters of those examples at the cut: the neuron’s meanings."),
        "Largest feature": (f"{found.largest_share:.0%}", "Share of the examples that the largest feature holds."),
        "Mean distance": (
            number(found.mean_distance),
            "Mean cosine distance between the examples’ neuron embeddings: 0 is the same direction, 1 unrelated.",
        ),
        "Within features": (number(found.intra_distance), "Mean distance between examples of the same feature."),
        "Between features": (number(found.inter_distance), "Mean distance between examples of different features."),
        "Maximum": (
            f"{atlas.neurons['maximum'][row]:.2f}",
            "The neuron’s maximum activation; tokens as active as this have the strongest background.",
        ),
    }
    with st.container(horizontal=True, gap="small"):
        for name, (value, meaning) in shown.items():
            st.metric(name, value, help=meaning, width="content")


def number(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else "–"


def show_features(atlas: Atlas, neuron: Neuron, view: View, current: int) -> None:
    st.subheader("Features", anchor=False)
    kept = view.kept(atlas)
    rows = [
        feature_row(
            atlas,
            id,
            href=neuron_href(atlas, atlas.feature_ref(id), **kept),
            meta=f"{atlas.features['size'][id]}",
            share=float(atlas.features["size"][id]) / len(neuron),
            current=feature == current,
        )
        for feature, id in enumerate(atlas.feature_ids(neuron.ref))
    ]
    feature_rows(rows, of=atlas, name="features", label="Features of this neuron", shown=9)
    st.caption(
        "Each row is one feature, largest first: its number, its most frequent key tokens, its central example around "
        "the key token, and how many examples it has. Open one to read its examples."
    )


def show_tree(atlas: Atlas, neuron: Neuron, view: View, current: int) -> None:
    st.subheader("Dendrogram", anchor=False)
    if len(neuron) < 2:
        st.caption("One example: there is no tree to draw.")
        return
    tree_of(atlas, neuron, atlas.manifest.default_cut, current, **view.kept(atlas))
    st.caption(
        "Each leaf is one activating example. Two branches join at the average distance between their examples; what "
        "joins below the cut is one feature, in its colour and with its number."
    )


def show_examples(atlas: Atlas, neuron: Neuron, view: View, current: int) -> None:
    id = atlas.feature_ids(neuron.ref)[current]
    rows = reading_order(neuron, current, int(atlas.features["central"][id]))
    computed = int(np.isfinite(neuron.window_importances[rows, 0]).any(axis=1).sum())
    facts = [f"Mean activation {atlas.features['mean_activation'][id]:.2f}"]
    if len(rows) > 1:
        facts.append(f"mean distance within it {number(float(atlas.features['intra_distance'][id]))}")
    facts.append(
        f"importance computed for {computed} of {len(rows)}, masked tokens replaced by {atlas.manifest.baselines[0]}"
        if computed
        else "importance not computed"
    )
    feature_examples(atlas, neuron, id, rows, facts=" · ".join(facts) + ".", land=view.feature is not None)
    st.caption(
        "The central example first, then those whose importance was computed, then the rest, each by activation on the "
        "key token, which is the number at the right. A warm background is activation, an underline importance; Values "
        "shows both as numbers."
    )


def reading_order(neuron: Neuron, feature: int, central: int) -> list[int]:
    rows = np.flatnonzero(neuron.feature == feature)
    unknown = ~np.isfinite(neuron.window_importances[rows, 0]).any(axis=1)
    order = np.lexsort((-neuron.activation[rows].astype(np.float32), unknown, rows != central))
    return rows[order].tolist()


def show_similar(atlas: Atlas, view: View, current: int) -> None:
    st.subheader("Similar features", anchor=False)
    pick_space(atlas, view)
    ref = FeatureRef(view.neuron.layer, view.neuron.neuron, current)
    rows = [
        feature_row(
            atlas,
            atlas.feature_id(other),
            before=5,
            after=3,
            named=True,
            meta=f"{cosine:.2f}",
            share=max(0.0, cosine),
            href=neuron_href(atlas, other, **view.kept(atlas)),
        )
        for other, cosine in atlas.similar(ref, view.space)
    ]
    if not rows:
        st.caption("No other neuron of this atlas has a feature.")
        return
    label = f"Features similar to feature {current}"
    feature_rows(rows, of=atlas, name="similar", label=label, shown=8, narrow=True)


def dead(atlas: Atlas, view: View) -> None:
    ref = view.neuron
    st.info(
        "This neuron is dead: no token of the corpus activates it above its threshold, so it has no examples and no "
        "features.",
        icon=":material/bedtime:",
    )
    others = living(atlas, ref.layer) or living(atlas)
    if others:
        nearest = min(others, key=lambda other: (abs(other.neuron - ref.neuron), other))
        st.page_link(
            page_file("neuron"),
            label=f"Go to the nearest living neuron: layer {nearest.layer}, neuron {nearest.neuron}",
            icon=":material/arrow_forward:",
            query_params=atlas_query(atlas, nearest.query() | view.kept(atlas)),
        )


atlas = open_page("neuron")
view = pick_neuron(atlas)
neuron = atlas.neuron(view.neuron)
if not len(neuron):
    dead(atlas, view)
    st.stop()
current = view.feature or 0
left, right = st.columns([WIDE, NARROW], gap="medium")
with left:
    show_measures(atlas, neuron)
    show_features(atlas, neuron, view, current)
with right:
    show_tree(atlas, neuron, view, current)
left, right = st.columns([WIDE, NARROW], gap="medium")  # anew, so that a narrow screen has the tree before the examples
with left:
    show_examples(atlas, neuron, view, current)
with right:
    show_similar(atlas, view, current)
