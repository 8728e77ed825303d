"""Suggested pairs, shown when the address has fewer than two features."""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import ref_name
from ne_core.method.classes import FEW
from ne_core.numbers import fixed
from ne_core.refs import FeatureRef
from pages.components.cached.starts import first_neuron
from pages.components.side_by_side.feature import side_feature
from pages.components.side_by_side.side import show_head
from pages.components.url.side_by_side_view import View
from pages.components.widgets.chips import Chip, chips
from pages.components.widgets.features import feature_row, feature_rows


def nothing_picked(atlas: Atlas) -> None:
    unit = atlas.manifest.vocabulary.unit
    st.markdown(
        "Compare two features: their names, how similar they are, and their examples. Type two features above, such as "
        f"3.17.2 or L3 N17 F2 (layer, {unit}, feature; L3 N17 is its largest one), or choose **Side by side** beside "
        f"any similar feature on a {unit}’s page."
    )
    pairs = suggested_pairs(atlas)
    if pairs:
        links = [Chip(title, view.href(atlas)) for title, view in pairs.items()]
        chips(links, name="offers", label="Suggested pairs")


def suggested_pairs(atlas: Atlas) -> dict[str, View]:
    """Views by title: a feature beside the most similar one, and two features of one neuron, if the atlas has them."""
    ref = first_neuron(atlas)
    n_features = len(atlas.feature_ids(ref))
    if not n_features:
        return {}
    first = FeatureRef(ref.layer, ref.neuron, 0)
    pairs = {}
    near = atlas.similar(first, atlas.manifest.default_space)
    if near:
        other = next((ref for ref, _ in near if atlas.features["size"][atlas.feature_id(ref)] >= FEW), near[0][0])
        both = f"{ref_name(atlas.manifest, first)} and {ref_name(atlas.manifest, other)}"
        pairs[f"Two similar features: {both}"] = View(first, other)
    if n_features > 1:
        second = FeatureRef(ref.layer, ref.neuron, 1)
        one = f"Two meanings of one {atlas.manifest.vocabulary.unit}"
        pairs[f"{one}: {ref_name(atlas.manifest, first)} and F1"] = View(first, second)
    return pairs


def one_picked(atlas: Atlas, view: View) -> None:
    """Show the feature that is set, and offer features similar to it as the other one."""
    picked, side, missing = (view.a, "a", "b") if view.a else (view.b, "b", "a")
    feature = side_feature(atlas, view.side(side))
    show_head(atlas, side, feature)
    rows = [
        feature_row(
            atlas,
            atlas.feature_id(other),
            named=True,
            meta=fixed(cosine),
            share=max(0.0, cosine),
            href=(View(picked, other) if missing == "b" else View(other, picked)).href(atlas),
        )
        for other, cosine in (atlas.similar(picked, atlas.manifest.default_space) if feature.listed else ())
    ]
    st.markdown(f"**Pick {missing}**: type a feature above" + (", or choose a similar one:" if rows else "."))
    title = f"Features similar to {ref_name(atlas.manifest, picked)}"
    feature_rows(rows, atlas=atlas, name="partners", label=title, n_visible=8)
