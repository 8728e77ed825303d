"""The features of the neuron on the page, a row each."""

import streamlit as st

from ne_core.atlas import Atlas, Neuron
from ne_core.palette import Colour
from ne_core.queries.maximum import maximum
from ne_core.refs import FeatureRef
from pages.components.neuron.feature_toolbar import key_position
from pages.components.text.labels import Label
from pages.components.url.links import neuron_href
from pages.components.url.neuron_view import View
from pages.components.widgets.clusters import Cluster, listed
from pages.components.widgets.features import feature_rows, numbered_row
from pages.components.widgets.token_lines.lines import lines


def show_features(
    atlas: Atlas,
    neuron: Neuron,
    view: View,
    features: list[Cluster],
    labels: list[Label],
    colours: list[Colour],
    current: int | None,
) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader("Features", anchor=False, help=rows_words(atlas), width="content")
        st.caption(numbers_line(len(features), len(features[0]) / len(neuron), view.cut), width="content")
    baseline = view.reading.baseline_number(atlas.manifest.baselines)
    indices = listed(len(features), current)
    around = lines(atlas, neuron, [features[i].central for i in indices], before=6, after=3, baseline=baseline)
    rows = [
        numbered_row(
            i,
            **labels[i].data(),
            colour=colours[i].css,
            href=own_href(atlas, view, i),
            meta=f"{len(features[i])}",
            share=len(features[i]) / len(neuron),
            line=line,
            maximum=maximum(atlas, neuron.ref),
            current=i == current,
            at=key_position(neuron, features[i].central),
        )
        for i, line in zip(indices, around, strict=True)
    ]
    label = f"Features of this {atlas.manifest.vocabulary.unit}"
    feature_rows(
        rows, atlas=atlas, name="features", label=label, n_visible=9, narrow=True, judged=judged_at(atlas, neuron, view)
    )
    if len(indices) < len(features):
        st.caption(
            f"Smaller features are not listed ({len(features) - len(indices):,}). To open one, set its number in the "
            "address."
        )


def numbers_line(n_features: int, largest_share: float, cut: float) -> str:
    return f"{n_features:,} feature{'s' * (n_features != 1)} at cut {cut:g} · the largest has {largest_share:.0%}"


def judged_at(atlas: Atlas, neuron: Neuron, view: View) -> dict:
    """Fields that the bookmarks of this neuron's features have in common."""
    embedding = None if neuron.embedding == atlas.manifest.embedding else neuron.embedding
    cut = None if view.cut == neuron.default_cut else view.cut
    ref = {"layer": view.neuron.layer, "neuron": view.neuron.neuron}
    return {"atlas": atlas.slug, **ref, "embedding": embedding, "cut": cut}


def rows_words(atlas: Atlas) -> str:
    """Help on the feature rows: the contents of a row, and the origin of a name."""
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
